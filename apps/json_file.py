"""Reads JSON files strictly: what two readers could understand differently is refused, with the file named."""

import json
from pathlib import Path
from typing import Any, Final, NoReturn

from formloom.errors import InvalidDefinition

from form_engine.fields.base import Json

LARGEST: Final = 20 * 1024 * 1024

CODES = ("file_missing", "file_too_large", "not_utf8", "not_json", "duplicate_key", "decimal_as_text", "too_deep")


def read_json(path: Path, shown: str) -> Json:
    """The document in a file; `shown` is how errors name it (a path inside the bundle).

    Raises InvalidDefinition. Duplicate keys, NaN and numbers with a fraction are refused: decimals travel as text.
    """

    def refuse(code: str, **params: object) -> InvalidDefinition:
        return InvalidDefinition(code, {"file": shown, **params})

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            raise refuse("duplicate_key", key=next(name for name in names if names.count(name) > 1))
        return found

    def no_float(text: str) -> NoReturn:
        raise refuse("decimal_as_text", value=text[:40])

    try:
        if path.stat().st_size > LARGEST:
            raise refuse("file_too_large", most=LARGEST)
        text = path.read_bytes().decode("utf-8")
        value: Json = json.loads(text, object_pairs_hook=once, parse_float=no_float, parse_constant=no_float)
    except FileNotFoundError:
        raise refuse("file_missing") from None
    except UnicodeDecodeError:
        raise refuse("not_utf8") from None
    except json.JSONDecodeError as error:
        raise refuse("not_json", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise refuse("too_deep") from None
    except ValueError:  # an integer of thousands of digits
        raise refuse("not_json") from None
    return value
