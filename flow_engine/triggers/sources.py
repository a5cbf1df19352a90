"""What a run without a record at hand works on: records for which a formula holds, or a record that is made for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from formloom.errors import Issue

from flow_engine.elements.value import Assignment, Formula, Literal, parse_value
from form_engine.definition import CompiledForm

CODES: Final = ("bad_pointer",)
NOTHING: Final = object()
"""What a pointer leads to where there is nothing."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in a JSON document (RFC 6901)."""

    text: str

    @property
    def sound(self) -> bool:
        """Whether it is one."""
        plain = self.text.replace("~0", "").replace("~1", "")
        return self.text == "" or (self.text.startswith("/") and "~" not in plain)

    def of(self, document: Any) -> Any:
        """What stands there, or NOTHING."""
        found = document
        for part in self.text.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isascii() and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            else:
                return NOTHING
        return found


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field and where its value comes from."""

    field: str
    value: Literal | Formula | Pointer


def parse_mapping(raw: Mapping[str, Any] | None) -> tuple[Mapped, ...]:
    """A `set` in which a value may also be `{"pointer": "/order/amount"}`."""
    found = []
    for field, value in (raw or {}).items():
        if isinstance(value, dict) and set(value) == {"pointer"} and isinstance(value["pointer"], str):
            found.append(Mapped(field, Pointer(value["pointer"])))
        else:
            found.append(Mapped(field, parse_value(value)))
    return tuple(found)


def plain(mapping: tuple[Mapped, ...]) -> tuple[Assignment, ...]:
    """Those that are checked as every other assignment."""
    return tuple(Assignment(one.field, one.value) for one in mapping if not isinstance(one.value, Pointer))


def pointed(mapping: tuple[Mapped, ...], form: CompiledForm, at: str) -> Iterator[Issue]:
    """What is wrong with those that point into a document."""
    for one in mapping:
        if not isinstance(one.value, Pointer):
            continue
        field = form.by_path.get(one.field)
        if field is None or "." in one.field:
            yield Issue(f"{at}/{one.field}", "unknown_field", {"field": one.field})
        elif field.computed:
            yield Issue(f"{at}/{one.field}", "computed_field", {"field": one.field})
        if not one.value.sound:
            yield Issue(f"{at}/{one.field}/pointer", "bad_pointer", {"value": one.value.text})
