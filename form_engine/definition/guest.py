"""What people without an account may report by this form: the `guest` part of a form (ADR 102).

A link opens the form about nothing in particular (`open`), or about one record that a link field names (`about`); that
field is then filled by the link and nobody else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from formloom.errors import Issue

from form_engine.fields.base import Json, Text
from form_engine.fields.expression import Formula

if TYPE_CHECKING:
    from form_engine.definition.model import FieldDef, FormDef

Fixed = Mapping[str, Json | Formula]
ReadFormula = Callable[[str, str], Formula | None]

_NOBODYS_TO_NAME: Final = frozenset({"person", "department"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come. `address_hour`: reports from one address by one link within an hour; `link_day`: by one link
    within 24 hours; `files` a report; `file_bytes` a file.
    """

    address_hour: int = 6
    link_day: int = 100
    files: int = 9
    file_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True)
class About:
    """A link about one record: the page says the fields `show`; `fixed` is written besides."""

    show: tuple[str, ...] = ()
    fixed: Fixed = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the guest sees of their report for `days`. `answers`: and the steps that ask a guest about it."""

    fields: tuple[str, ...] = ()
    days: int = 90
    thanks: Text | None = None
    answers: bool = False


@dataclass(frozen=True, slots=True)
class GuestDef:
    """The guest part of a form. `issued_by`: the roles that may make and end links (admins always may)."""

    fields: tuple[str, ...]
    prefill: frozenset[str] = frozenset()
    fixed: Fixed = field(default_factory=dict)
    about: Mapping[str, About] = field(default_factory=dict)
    open: bool = False
    title: Text | None = None
    intro: Text | None = None
    name: str | None = None
    """The field that says who reports."""
    issued_by: frozenset[str] = frozenset()
    days: int = 1825
    limits: Limits = Limits()
    receipt: Receipt = Receipt()


def parse_guest(raw: Mapping[str, Any], formula: ReadFormula) -> GuestDef:
    """The guest part of a form whose shape was checked; `formula` reads one, noting what is wrong with it."""
    about = {
        key: About(tuple(each.get("show", ())), _fixed(each.get("set", {}), f"/guest/about/{key}/set", formula))
        for key, each in raw.get("about", {}).items()
    }
    limits, receipt = dict(raw.get("limits", {})), dict(raw.get("receipt", {}))
    if "file_mb" in limits:
        limits["file_bytes"] = limits.pop("file_mb") * 1_000_000
    return GuestDef(
        fields=tuple(raw["fields"]),
        prefill=frozenset(raw.get("prefill", ())),
        fixed=_fixed(raw.get("set", {}), "/guest/set", formula),
        about=MappingProxyType(about),
        open=raw.get("open", not about),
        title=raw.get("title"),
        intro=raw.get("intro"),
        name=raw.get("name"),
        issued_by=frozenset(raw.get("issued_by", ())),
        limits=Limits(**limits),
        receipt=Receipt(**{**receipt, "fields": tuple(receipt.get("fields", ()))}),
        **({"days": raw["days"]} if "days" in raw else {}),
    )


def _fixed(raw: Mapping[str, Any], at: str, formula: ReadFormula) -> Fixed:
    """`{"source": "guest", "site": {"=": "equipment.site"}}`."""
    found: dict[str, Json | Formula] = {}
    for key, value in raw.items():
        if isinstance(value, dict):
            read = formula(value["="], f"{at}/{key}/=")
            if read is not None:
                found[key] = read
        else:
            found[key] = value
    return MappingProxyType(found)


def check_guest(form: "FormDef", must_be_written: Callable[["FieldDef"], bool]) -> Iterator[Issue]:
    """Names that exist, fields that a guest can fill, and nothing required that no link could ever bring."""
    guest = form.guest
    if guest is None:
        return
    yield from _named(form, guest)
    for at, key in enumerate(guest.fields):
        found = form.by_key.get(key)
        if found is None:
            continue
        if not _fillable(found):
            yield Issue(f"/guest/fields/{at}", "guest_cannot_fill", {"field": key})
        elif found.type.refers == "record" and not _is_narrowed(found):
            yield Issue(f"/guest/fields/{at}", "guest_link_needs_filter", {"field": key})
        if key in guest.fixed:
            yield Issue(f"/guest/set/{key}", "duplicate", {"field": key})
    for key in guest.about:
        found = form.by_key.get(key)
        if found is not None and (found.type.refers != "record" or found.type.formula_type(found.config).is_list):
            yield Issue(f"/guest/about/{key}", "guest_about_one_record", {"field": key})
    ways = [(f"/guest/about/{key}", {key, *each.fixed}) for key, each in guest.about.items()]
    for pointer, brought in [*ways, *([("/guest/fields", set[str]())] if guest.open else [])]:
        brought |= {*guest.fields, *guest.fixed}
        for each in form.fields:
            if must_be_written(each) and each.key not in brought:
                yield Issue(pointer, "required_but_not_writable", {"field": each.key, "role": "guest"})


def _is_narrowed(found: "FieldDef") -> bool:
    return any(each.name == "filter" for each in found.type.formulas(found.config))


def _fillable(found: "FieldDef") -> bool:
    """No computed value, and nobody of the house to be named, in a table neither; no links in its rows."""
    if found.computed or not found.type.stored or found.type.refers in _NOBODYS_TO_NAME:
        return False
    return all(column.type.refers in (None, "file") for column in found.fields)


def _named(form: "FormDef", guest: GuestDef) -> Iterator[Issue]:
    named = [(f"/guest/fields/{at}", key) for at, key in enumerate(guest.fields)]
    named += [(f"/guest/set/{key}", key) for key in guest.fixed]
    named += [(f"/guest/receipt/fields/{at}", key) for at, key in enumerate(guest.receipt.fields)]
    for link, about in guest.about.items():
        named.append((f"/guest/about/{link}", link))
        named += [(f"/guest/about/{link}/show/{at}", key) for at, key in enumerate(about.show)]
        named += [(f"/guest/about/{link}/set/{key}", key) for key in about.fixed]
    if guest.name is not None:
        named.append(("/guest/name", guest.name))
    yield from (Issue(at, "unknown_field", {"field": key}) for at, key in named if key not in form.by_key)
    filled = {*guest.fields}
    for key in sorted(guest.prefill - filled):
        yield Issue("/guest/prefill", "unknown_field", {"field": key})
