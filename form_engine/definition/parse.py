"""JSON → `FormDef`.

What one document can say about itself is settled here; what it says about others, in `check_form`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from formloom.errors import InvalidDefinition, Issue

from form_engine.definition.access import FieldAccess, Level
from form_engine.definition.bounds import check_bounds, distinct
from form_engine.definition.guest import parse_guest
from form_engine.definition.model import SYSTEM_NAMES, AccessRule, Display, FieldDef, FormDef, NoOverlap, Rule, Section
from form_engine.definition.page import parse_page
from form_engine.fields import BY_NAME
from form_engine.fields.base import ConfigError, FieldType
from form_engine.fields.expression import Formula, read_formula
from form_engine.fields.number_series import SeriesPattern
from form_engine.formula import RESERVED_NAMES
from form_engine.schemas import Checker, schema

RESERVED_KEYS: Final = frozenset({*SYSTEM_NAMES, *RESERVED_NAMES, "version", "draft"})

_SHARED: Final = frozenset(schema("form")["$defs"]["field"]["properties"])

# A computed value is never asked for, and a table begins without rows.
_WRITTEN_ONLY: Final = {True: ("required", "default"), False: ("default", "index")}

T = TypeVar("T")


def parse_form(raw: object) -> FormDef:
    """The form that `raw` (JSON as Python values) describes.

    Raises InvalidDefinition with every issue found, each pointing into `raw`. Nothing else, whatever `raw` is.
    """
    check_bounds(raw)
    reader = _Reader()
    reader.issues.extend(_form_checker().issues(raw))
    if not isinstance(raw, dict) or not isinstance(raw.get("fields"), list):
        raise _refused(reader.issues)
    reader.issues.extend(_field_issues(raw["fields"], "/fields", column=False))
    reader.raise_if_any()
    form = reader.form(raw)
    reader.raise_if_any()
    return form


def _refused(issues: list[Issue]) -> InvalidDefinition:
    return InvalidDefinition("invalid_definition", issues=distinct(issues))


@cache
def _form_checker() -> Checker:
    return Checker(schema("form"))


@cache
def _type_checker(kind: FieldType[Any]) -> Checker:
    """Checks the keys that only this type has. (`fields` is the table's, and checked by the form's own schema.)"""
    return Checker(
        {
            "type": "object",
            "properties": kind.config_schema,
            "required": [*kind.config_required],
            "additionalProperties": False,
            "$defs": schema("form")["$defs"],
        }
    )


def _field_issues(fields: list[Any], at: str, *, column: bool) -> Iterator[Issue]:
    """Types that do not exist, keys that a type does not have, keys used twice or not to be had."""
    seen: set[str] = set()
    for index, raw in enumerate(fields):
        here = f"{at}/{index}"
        if not isinstance(raw, dict):
            continue
        key = raw.get("key")
        if isinstance(key, str):
            if key in seen:
                yield Issue(f"{here}/key", "duplicate_key", {"key": key})
            if key in RESERVED_KEYS:
                yield Issue(f"{here}/key", "reserved_key", {"key": key})
            seen.add(key)
        name = raw.get("type")
        kind = BY_NAME.get(name) if isinstance(name, str) else None
        if kind is None:
            if isinstance(name, str):
                yield Issue(f"{here}/type", "unknown_field_type", {"type": name})
            continue
        if column and not kind.in_table:
            yield Issue(f"{here}/type", "not_in_table", {"type": kind.name})
            continue
        own = {key: value for key, value in raw.items() if key not in _SHARED}
        yield from _type_checker(kind).issues(own, here)
        if kind.computed or kind.name == "table":
            yield from (Issue(f"{here}/{key}", "unknown_key") for key in _WRITTEN_ONLY[kind.computed] if key in raw)
        if kind.name != "table" and "fields" in raw:
            yield Issue(f"{here}/fields", "unknown_key")
        elif kind.name == "table":
            if isinstance(raw.get("fields"), list):
                yield from _field_issues(raw["fields"], f"{here}/fields", column=True)
            else:
                yield Issue(f"{here}/fields", "required")


class _Reader:
    """Makes the objects, collecting what cannot be made, so that one look tells everything."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def raise_if_any(self) -> None:
        if self.issues:
            raise _refused(self.issues)

    def form(self, raw: Mapping[str, Any]) -> FormDef:
        fields = tuple(self._field(each, f"/fields/{at}") for at, each in enumerate(raw["fields"]))
        if "number" in raw:
            self._try(lambda: SeriesPattern.parse(raw["number"]), "/number", own_pointer=False)
        return FormDef(
            key=raw["key"],
            title=raw["title"],
            fields=tuple(field for field in fields if field is not None),
            number=raw.get("number"),
            description=raw.get("description"),
            icon=raw.get("icon"),
            display=self._display(raw.get("display", [])),
            list_columns=tuple(raw.get("list", ())),
            unique=tuple(tuple(group) for group in raw.get("unique", ())),
            no_overlap=tuple(
                self._no_overlap(each, f"/no_overlap/{at}") for at, each in enumerate(raw.get("no_overlap", ()))
            ),
            rules=self._rules(raw, ""),
            layout=tuple(_section(each, f"/layout/{at}") for at, each in enumerate(raw.get("layout", ()))),
            access=tuple(self._access(each, f"/access/{at}") for at, each in enumerate(raw.get("access", ()))),
            submit_label=raw.get("submit_label"),
            guest=parse_guest(raw["guest"], self._formula) if "guest" in raw else None,
            page=parse_page(raw["page"], self._formula) if "page" in raw else None,
        )

    def _field(self, raw: Mapping[str, Any], at: str) -> FieldDef | None:
        kind = BY_NAME[raw["type"]]
        own = {key: value for key, value in raw.items() if key not in _SHARED}
        config = self._try(lambda: kind.parse_config(own), at)
        columns = tuple(self._field(each, f"{at}/fields/{index}") for index, each in enumerate(raw.get("fields", ())))
        required, default = raw.get("required", False), raw.get("default")
        if isinstance(required, dict):
            required = self._formula(required["="], f"{at}/required/=") or False
        if isinstance(default, dict):
            default = self._default(default, f"{at}/default")
        elif default is not None and config is not None:
            checked = kind.clean(default, config, f"{at}/default")
            if isinstance(checked, tuple):
                self.issues.extend(checked)
            else:
                default = checked
        return FieldDef(
            key=raw["key"],
            type=kind,
            label=raw.get("label", raw["key"]),
            config=config,
            help=raw.get("help"),
            required=required,
            visible=self._formula(raw["visible"], f"{at}/visible") if "visible" in raw else None,
            default=default,
            rules=self._rules(raw, at),
            index=raw.get("index", False),
            was=tuple(raw.get("was", ())),
            fields=tuple(column for column in columns if column is not None),
            at=at,
        )

    def _default(self, raw: Mapping[str, Any], at: str) -> Formula | None:
        if set(raw) != {"="} or not isinstance(raw["="], str):
            self.issues.append(Issue(at, "bad_shape"))
            return None
        return self._formula(raw["="], f"{at}/=")

    def _rules(self, raw: Mapping[str, Any], at: str) -> tuple[Rule, ...]:
        read = (
            (self._formula(each["assert"], f"{at}/rules/{index}/assert"), each, f"{at}/rules/{index}")
            for index, each in enumerate(raw.get("rules", ()))
        )
        return tuple(Rule(holds, each.get("message"), here) for holds, each, here in read if holds is not None)

    def _display(self, raw: str | list[str]) -> Formula | tuple[str, ...]:
        return (self._formula(raw, "/display") or ()) if isinstance(raw, str) else tuple(raw)

    def _no_overlap(self, raw: Mapping[str, Any], at: str) -> NoOverlap:
        return NoOverlap(
            key=tuple(raw["key"]),
            start=raw["from"],
            end=raw["to"],
            since=raw.get("since"),
            when=self._formula(raw["when"], f"{at}/when") if "when" in raw else None,
            included=raw["ends"] == "included" if "ends" in raw else None,
            message=raw.get("message"),
            at=at,
        )

    def _access(self, raw: Mapping[str, Any], at: str) -> AccessRule:
        return AccessRule(
            role=raw["role"],
            may=frozenset(raw["may"]),
            where=self._formula(raw["where"], f"{at}/where") if "where" in raw else None,
            fields=FieldAccess.of_grant(raw.get("fields", {}), rest=Level.WRITE),
            at=at,
        )

    def _formula(self, text: str, at: str) -> Formula | None:
        return self._try(lambda: read_formula(text, at), "")

    def _try(self, make: Callable[[], T], at: str, *, own_pointer: bool = True) -> T | None:
        """What `make` makes, or None and its issue, pointing from `at` on."""
        try:
            return make()
        except ConfigError as error:
            issue = error.issue
            self.issues.append(Issue(at + issue.pointer if own_pointer else at, issue.code, issue.params))
            return None


def _section(raw: Mapping[str, Any], at: str) -> Section:
    elements = tuple(each if isinstance(each, str) else _display(each) for each in raw["items"])
    return Section(
        items=tuple(each for each in elements if isinstance(each, str)),
        title=raw.get("section"),
        columns=raw.get("columns", 1),
        note=raw.get("note"),
        at=at,
        elements=elements,
        tab=raw.get("tab"),
    )


def _display(raw: Mapping[str, Any]) -> Display:
    return Display("note", raw["note"], raw.get("tone", "plain")) if "note" in raw else Display("divider")
