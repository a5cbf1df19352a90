"""Reads the shared vectors (`tests/vectors/README.md`): cases, and the world that their formulas run in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from form_engine.formula import (
    Context,
    Env,
    ErrorValue,
    LinkRef,
    LocationValue,
    PersonValue,
    RecordValue,
    Type,
    TypeScope,
    Value,
    parse_type,
    spell,
)
from form_engine.formula.workdays import SATURDAY_AND_SUNDAY, KnownDays, SpecialDays

FOLDER = Path(__file__).parents[2] / "vectors"
FILES = ("formula.json", "formula_excel.json")
TREES = FOLDER / "formula_trees.json"
SIGNATURES = FOLDER / "formula_signatures.json"


@dataclass(frozen=True)
class Case:
    """One formula and what it must give: to so many `digits`, where an oracle has doubles; `alone`, in no world."""

    formula: str
    expected: Any
    digits: int | None
    alone: bool

    def __str__(self) -> str:
        return self.formula


def cases() -> Iterator[Case]:
    for name in FILES:
        content = read(name)
        for group in content["groups"]:
            for formula, expected in group["cases"]:
                yield Case(formula, expected, content.get("digits"), "world" not in content)


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


class World:
    """The records, types and context that `formula.json` declares for all its cases."""

    def __init__(self) -> None:
        content = read("formula.json")["world"]
        self.types = {
            form: {key: parse_type(kind) for key, kind in fields.items()} for form, fields in content["types"].items()
        }
        self.records = content["records"]
        errors = {key: ErrorValue(code) for key, code in content["errors"].items()}
        row, target = content["row"], content["target"]
        self.scope = TypeScope(
            self.types["payment"], self.types, Type("record", form=row["form"]), Type("record", form=target["form"])
        )
        self.env = Env(
            self.record("payment", content["own"], errors),
            self.record(row["form"], row),
            self.record(target["form"], target),
            _context(content["context"]),
        )

    def record(self, form: str, raw: Mapping[str, Any], errors: Mapping[str, ErrorValue] | None = None) -> RecordValue:
        values = {key: self.value(kind, raw.get(key)) for key, kind in self.types[form].items()}
        return RecordValue(form, raw.get("id"), {**values, **(errors or {})}, self.fetch)

    def fetch(self, form: str, record_id: int | str) -> RecordValue | None:
        raw = self.records.get(form, {}).get(str(record_id))
        return None if raw is None else self.record(form, {"id": record_id, **raw})

    def value(self, kind: Type, raw: Any) -> Value:
        if raw is None:
            return None
        if kind.is_list:
            return tuple(self.value(kind.item, item) for item in raw)
        if kind.kind == "record":
            form = kind.form or ""
            return self.record(form, raw) if isinstance(raw, dict) else LinkRef(form, raw)
        value: Value = _READERS[kind.kind](raw)
        return value


def _moment(raw: str) -> datetime:
    return datetime.fromisoformat(raw)


def _place(raw: Mapping[str, str]) -> LocationValue:
    accuracy = Decimal(raw["accuracy"]) if "accuracy" in raw else None
    return LocationValue(Decimal(raw["latitude"]), Decimal(raw["longitude"]), raw.get("crs", "WGS-84"), accuracy)


def _person(raw: Mapping[str, Any]) -> PersonValue:
    return PersonValue(raw["id"], raw["name"])


_READERS: Mapping[str, Any] = {
    "number": Decimal,
    "text": str,
    "logical": bool,
    "date": date.fromisoformat,
    "datetime": _moment,
    "duration": lambda raw: timedelta(milliseconds=raw),
    "person": _person,
    "location": _place,
}


@dataclass(frozen=True)
class _Organisation:
    managers: Mapping[str, Any]
    departments: Mapping[str, str]

    def manager(self, person: PersonValue, level: int) -> PersonValue | None:
        found: PersonValue | None = person
        for _ in range(level):
            raw = self.managers.get(str(found.id)) if found else None
            found = _person(raw) if raw else None
        return found

    def department(self, person: PersonValue) -> str | None:
        return self.departments.get(str(person.id))


def known_days(
    days_off: Iterable[date] = (), workdays: Iterable[date] = (), weekend: frozenset[int] = SATURDAY_AND_SUNDAY
) -> KnownDays:
    """A calendar of these days off, and these days that are worked in spite of a weekend."""
    off, work = frozenset(days_off), frozenset(workdays)
    years = {day.year for day in (*off, *work)}
    return KnownDays(weekend, {year: SpecialDays(_in_year(off, year), _in_year(work, year)) for year in years})


def _in_year(days: frozenset[date], year: int) -> frozenset[date]:
    return frozenset(day for day in days if day.year == year)


def _context(raw: Mapping[str, Any]) -> Context:
    calendar = raw["calendar"]
    return Context(
        me=_person(raw["me"]),
        initiator=_person(raw["initiator"]),
        today=date.fromisoformat(raw["today"]),
        now=_moment(raw["now"]),
        roles=frozenset(raw["roles"]),
        calendar=known_days(
            map(date.fromisoformat, calendar["days_off"]),
            map(date.fromisoformat, calendar["workdays"]),
            frozenset(calendar["weekend"]),
        ),
        organisation=_Organisation(raw["managers"], raw["departments"]),
        zone=ZoneInfo(raw["zone"]),
    )


def tagged(value: Value) -> Any:
    """A result the way that vectors write it."""
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return {"number": spell(value)}
        case datetime():
            return {"datetime": spell(value)}
        case date():
            return {"date": spell(value)}
        case timedelta():
            return {"duration": value // timedelta(milliseconds=1)}
        case ErrorValue():
            return {"error": value.code}
        case PersonValue():
            return {"person": value.id}
        case tuple():
            return {"list": [tagged(item) for item in value]}
    return {"record": [value.form, value.id]}  # type: ignore[union-attr]
