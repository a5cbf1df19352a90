"""The process that fills in a Word template: Jinja in a sandbox that calls nothing, over plain values, within limits.

`head["do"]` is `render` (the answer is the .docx) or `look` (the names that the template uses, as JSON).
"""

import io
import json
import sys
import zipfile
from typing import Any, Final

from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from form_engine.documents.press.inside import Refused, run

MOST_INFLATED: Final = 60_000_000
MOST_PARTS: Final = 2_000
_FILTERS: Final = ("upper", "lower", "trim", "default", "d", "first", "last", "length", "count", "join", "e", "escape")
_TESTS: Final = ("defined", "undefined", "none", "eq", "ne", "==", "!=", "in", "odd", "even", "divisibleby", "string")


class Environment(ImmutableSandboxedEnvironment):
    """No global, no call, no attribute that begins with an underline; texts are not multiplied.

    Every answer is escaped, so a value is text in the document whatever stands in it.
    """

    intercepted_binops = frozenset({"*", "**", "%", "//", "/", "+", "-"})

    def __init__(self) -> None:
        super().__init__(autoescape=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def is_safe_callable(self, obj: Any) -> bool:
        """Nothing is: values are texts, lists and dictionaries, and their methods are nobody's business."""
        return False

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Keys of dictionaries only; a method is not even looked at."""
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Counting is what formulas are for."""
        if operator == "+" and type(left) is int and type(right) is int and abs(left) + abs(right) < 10**9:
            return left + right
        raise SecurityError(f"{operator} is not for templates")


def fill(head: dict[str, Any], files: list[bytes]) -> bytes:
    """Render a template, or look at it. Raises Refused."""
    _check(files[0])
    from docxtpl import DocxTemplate  # type: ignore[import-untyped]

    environment = Environment()
    try:
        template = DocxTemplate(io.BytesIO(files[0]))
        if head["do"] == "look":
            names = sorted(template.get_undeclared_template_variables(environment))
            return json.dumps({"names": names}).encode()
        template.render(head["context"], environment, autoescape=True)
        out = io.BytesIO()
        template.save(out)
        return out.getvalue()
    except SecurityError as error:
        raise Refused("template_not_allowed", why=str(error)[:200]) from error
    except TemplateError as error:
        raise Refused("template_wrong", why=str(error)[:200], line=getattr(error, "lineno", 0) or 0) from error
    except (MemoryError, RecursionError, OverflowError):
        raise
    except Exception as error:  # what readers of broken files raise has no root in common
        raise Refused("template_wrong", why=type(error).__name__, line=0) from error


def _check(content: bytes) -> None:
    """What the archive says it holds, before anything is inflated; nothing that runs, and nothing from elsewhere."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_INFLATED:
                raise Refused("document_too_large")
            if any(part.filename.lower().endswith((".bin", ".exe", ".js", ".vbs")) for part in parts):
                raise Refused("template_with_program")
            for part in parts:
                if part.filename.endswith(".rels") and _leads_out(archive.read(part)):
                    raise Refused("template_leads_out")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Refused("template_wrong", why="zip", line=0) from error


def _leads_out(relations: bytes) -> bool:
    """Whether opening the document would fetch something: only hyperlinks, which somebody clicks, may lead out."""
    from xml.etree import ElementTree

    try:
        found = ElementTree.fromstring(relations)  # noqa: S314 - here, where memory and time are limited
    except ElementTree.ParseError as error:
        raise Refused("template_wrong", why="rels", line=0) from error
    return any(
        each.get("TargetMode") == "External" and not str(each.get("Type")).endswith("/hyperlink") for each in found
    )


if __name__ == "__main__":
    sys.exit(run(fill))
