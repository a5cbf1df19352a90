"""What a series step says of its terms: each a literal or a formula over the record, ranges from rows or records.

Of what these say `flow_engine.service.schedules` makes `flow_engine.series.Terms`, at the moment they are needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from flow_engine.elements.search import Search, parse_search
from flow_engine.elements.uses import Asked
from flow_engine.elements.value import Formula, Literal, parse_value
from form_engine.formula import Type
from form_engine.formula.types import DATE, LOGICAL, NUMBER, TEXT

Given = Literal | Formula

NOTHING: Final = Literal(None)
NO, YES, ZERO, ONE, CENT = (Literal(value) for value in (False, True, 0, 1, "0.01"))
ANNIVERSARY, AT_START = Literal("anniversary"), Literal("start")

_DATED: Final = {"number": NUMBER, "start": DATE, "end": DATE, "due": DATE, "days": NUMBER}
MADE_ROWS: Final[Mapping[str, Mapping[str, Type]]] = MappingProxyType(
    {
        "#period": {**_DATED, "amount": NUMBER, "locked": LOGICAL, "kind": TEXT, "rate": NUMBER},
        "#line": {**_DATED, "amount": NUMBER, "locked": LOGICAL, "kind": TEXT, "rate": NUMBER},
        "#part": {"number": NUMBER, "due": DATE, "amount": NUMBER, "of": NUMBER},
        "#difference": {**_DATED, "amount": NUMBER, "billed": NUMBER, "wanted": NUMBER, "kind": TEXT},
    }
)
"""What formulas read as `row.` of a period, of one of its lines, of a part of its amount, and of an adjustment."""

_NUMBER, _DATE, _TRUTH = ("number", "blank"), ("date", "datetime", "blank"), ("logical", "blank")


@dataclass(frozen=True, slots=True)
class Rows:
    """Where several come from: the rows of a table, or records; `where` asks each (`row.`). None: the record itself."""

    over: str | Search | None
    where: Formula | None = None

    @property
    def scope(self) -> str | None:
        """What `row.` is in their formulas; None: whatever it is outside."""
        return f"@{self.over.form}" if isinstance(self.over, Search) else self.over


@dataclass(frozen=True, slots=True)
class LayerTerm:
    """Days of a kind that are not charged. `extends`: the end is put off by them."""

    kind: str
    rows: Rows
    start: Given
    end: Given
    locked: Given = NO
    extends: Given = NO


@dataclass(frozen=True, slots=True)
class StepsTerm:
    """How the rate goes up: every so many months by a fraction or an amount, or from days on that are listed."""

    every: Given = NOTHING
    fraction: Given = NOTHING
    amount: Given = NOTHING
    rows: Rows | None = None
    start: Given = NOTHING
    rate: Given = NOTHING


@dataclass(frozen=True, slots=True)
class ChangesTerm:
    """From a day on, other terms. `anew`: with a grid of their own, and perhaps another length of the periods."""

    rows: Rows
    start: Given
    rate: Given
    anew: Given = NO
    every: Given = NOTHING
    alignment: Given = NOTHING
    steps: StepsTerm | None = None


@dataclass(frozen=True, slots=True)
class PutOffTerm:
    """What falls due in a range is due `until` a day, or the day after the range."""

    rows: Rows
    start: Given
    end: Given
    until: Given = NOTHING


@dataclass(frozen=True, slots=True)
class DueTerm:
    """By when a period is due."""

    at: Given = AT_START
    days: Given = ZERO
    first_at_start: Given = YES
    put_off: tuple[PutOffTerm, ...] = ()


AT_ONCE: Final = DueTerm()


@dataclass(frozen=True, slots=True)
class TermsTerm:
    """What is agreed, as a definition writes it; `ahead`: without an end, so many months from today on are made."""

    start: Given
    every: Given
    rate: Given
    end: Given = NOTHING
    alignment: Given = ANNIVERSARY
    until: Given = NOTHING
    ahead: Given = NOTHING
    unit: Given = CENT
    steps: StepsTerm | None = None
    layers: tuple[LayerTerm, ...] = ()
    changes: ChangesTerm | None = None
    due: DueTerm = AT_ONCE


@dataclass(frozen=True, slots=True)
class PartsTerm:
    """One amount in equal parts."""

    amount: Given
    count: Given
    start: Given
    every: Given = ONE
    unit: Given = CENT


class Reader:
    """Reads a series step's terms and notes every formula, with what it must give, for publishing to check."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.searches: list[tuple[str, Search]] = []
        self.tables: list[tuple[str, str]] = []

    def terms(self, raw: Mapping[str, Any], at: str) -> TermsTerm:
        """A `terms` object."""
        given = self._givens(raw, at, None, {"start": _DATE, "end": _DATE, "until": _DATE, "alignment": _WORD} | _RATED)
        return TermsTerm(
            **given,
            steps=self._steps(raw["steps"], f"{at}/steps", None) if "steps" in raw else None,
            layers=tuple(self._layer(one, f"{at}/layers/{n}") for n, one in enumerate(raw.get("layers", ()))),
            changes=self._changes(raw["changes"], f"{at}/changes") if "changes" in raw else None,
            due=self._due(raw.get("due", {}), f"{at}/due"),
        )

    def parts(self, raw: Mapping[str, Any], at: str) -> PartsTerm:
        """A `parts` object."""
        wanted = {"amount": _NUMBER, "count": _NUMBER, "start": _DATE, "every": _NUMBER, "unit": _NUMBER}
        return PartsTerm(**self._givens(raw, at, None, wanted))

    def given(self, raw: Any, at: str, kinds: tuple[str, ...], row: str | None = None, target: str = "") -> Given:
        """One value."""
        value = parse_value(raw)
        if isinstance(value, Formula):
            self.asked.append(Asked(at, value, kinds, row, target))
        return value

    def search(self, raw: Mapping[str, Any], at: str) -> Search:
        """Records, found when they are needed."""
        search = parse_search(raw)
        self.searches.append((at, search))
        return search

    def _givens(
        self, raw: Mapping[str, Any], at: str, row: str | None, wanted: Mapping[str, tuple[str, ...]]
    ) -> dict[str, Any]:
        named = {"from": "start", "to": "end"}
        return {
            named.get(key, key): self.given(raw[key], f"{at}/{key}", kinds, row)
            for key, kinds in wanted.items()
            if key in raw
        }

    def _rows(self, raw: Mapping[str, Any], at: str) -> Rows:
        over = raw.get("over")
        if isinstance(over, str):
            self.tables.append((f"{at}/over", over))
        elif over is not None:
            over = self.search(over, f"{at}/over")
        rows = Rows(over, Formula(raw["where"]) if "where" in raw else None)
        if rows.where is not None:
            self.asked.append(Asked(f"{at}/where", rows.where, ("logical",), rows.scope))
        return rows

    def _layer(self, raw: Mapping[str, Any], at: str) -> LayerTerm:
        rows = self._rows(raw, at)
        given = self._givens(raw, at, rows.scope, _RANGE | {"locked": _TRUTH, "extends": _TRUTH})
        return LayerTerm(raw["kind"], rows, **given)

    def _steps(self, raw: Mapping[str, Any], at: str, row: str | None) -> StepsTerm:
        if "over" in raw:
            rows = self._rows(raw, at)
            return StepsTerm(rows=rows, **self._givens(raw, at, rows.scope, {"from": _DATE, "rate": _NUMBER}))
        return StepsTerm(**self._givens(raw, at, row, dict.fromkeys(("every", "fraction", "amount"), _NUMBER)))

    def _changes(self, raw: Mapping[str, Any], at: str) -> ChangesTerm:
        rows = self._rows(raw, at)
        wanted = {"from": _DATE, "rate": _NUMBER, "anew": _TRUTH, "every": _NUMBER, "alignment": _WORD}
        steps = self._steps(raw["steps"], f"{at}/steps", rows.scope) if "steps" in raw else None
        return ChangesTerm(rows, **self._givens(raw, at, rows.scope, wanted), steps=steps)

    def _due(self, raw: Mapping[str, Any], at: str) -> DueTerm:
        given = self._givens(raw, at, None, {"at": _WORD, "days": _NUMBER, "first_at_start": _TRUTH})
        return DueTerm(
            **given,
            put_off=tuple(self._put_off(one, f"{at}/put_off/{n}") for n, one in enumerate(raw.get("put_off", ()))),
        )

    def _put_off(self, raw: Mapping[str, Any], at: str) -> PutOffTerm:
        rows = self._rows(raw, at)
        return PutOffTerm(rows, **self._givens(raw, at, rows.scope, _RANGE | {"until": _DATE}))


_WORD: Final = ("text", "blank")
_RANGE: Final = {"from": _DATE, "to": _DATE}
_RATED: Final = dict.fromkeys(("every", "rate", "ahead", "unit"), _NUMBER)


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": properties}


_FORMULA = {"$ref": "#/$defs/formula"}
_IS = _object(("=",), **{"=": _FORMULA})


def _or_formula(literal: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(literal), _IS]}


_DECIMAL = _or_formula({"type": "string", "pattern": "^-?[0-9]{1,15}([.][0-9]{1,10})?$"})
_COUNT = _or_formula({"type": "integer", "minimum": 0, "maximum": 1_200})
_DAY = _or_formula({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
_YES = _or_formula({"type": "boolean"})
_ALIGNED = _or_formula({"enum": ["anniversary", "calendar"]})
_OVER = {"over": {"anyOf": [{"$ref": "#/$defs/key"}, {"$ref": "#/$defs/search"}]}, "where": _FORMULA}
_STEPS = {
    "oneOf": [
        _object(("every",), every=_COUNT, fraction=_DECIMAL, amount=_DECIMAL),
        _object(("over", "from", "rate"), **_OVER, **{"from": _IS, "rate": _IS}),
    ]
}
_LAYER = _object(
    ("kind", "from", "to"),
    kind={"$ref": "#/$defs/key"},
    **_OVER,
    **{"from": _DAY, "to": _DAY, "locked": _YES, "extends": _YES},
)
_CHANGES = _object(
    ("over", "from", "rate"),
    **_OVER,
    **{"from": _IS, "rate": _IS, "anew": _YES, "every": _COUNT, "alignment": _ALIGNED, "steps": _STEPS},
)
_PUT_OFF = _object(("from", "to"), **_OVER, **{"from": _DAY, "to": _DAY, "until": _DAY})
_DUE = _object(
    (),
    at=_or_formula({"enum": ["start", "end"]}),
    days=_or_formula({"type": "integer", "minimum": -3_660, "maximum": 3_660}),
    first_at_start=_YES,
    put_off={"type": "array", "maxItems": 10, "items": _PUT_OFF},
)
TERMS: Final[Mapping[str, Any]] = _object(
    ("start", "every", "rate"),
    start=_DAY,
    end=_DAY,
    until=_DAY,
    ahead=_COUNT,
    every=_COUNT,
    rate=_DECIMAL,
    unit=_DECIMAL,
    alignment=_ALIGNED,
    steps=_STEPS,
    layers={"type": "array", "maxItems": 10, "items": _LAYER},
    changes=_CHANGES,
    due=_DUE,
)
PARTS: Final[Mapping[str, Any]] = _object(
    ("amount", "count", "start"), amount=_DECIMAL, count=_COUNT, start=_DAY, every=_COUNT, unit=_DECIMAL
)
COUNT: Final[Mapping[str, Any]] = _COUNT
DAY: Final[Mapping[str, Any]] = _DAY
