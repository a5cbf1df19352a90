"""series: terms become dated, priced records; later terms revise them (docs/decisions/075).

What is agreed stands in the record; which of its fields say so, and what of a period is written where, stands here.
Everything that is worked out comes from `flow_engine.series`, which knows nothing of records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flow_engine.elements.search import Search
from flow_engine.elements.terms import COUNT, DAY, PARTS, TERMS, Given, PartsTerm, Reader, TermsTerm
from flow_engine.elements.uses import Asked, Uses, Written
from flow_engine.elements.value import Assignment, Formula, parse_set
from flow_engine.steps.acting import WHEN_RETURNED, ActingStep, acting_frame
from flow_engine.steps.base import ParseSteps, StepType, ref


@dataclass(frozen=True, slots=True)
class RowsOf:
    """Rows of a table of what is written: which table, and what each row says."""

    field: str
    set: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Instalments:
    """The amount of a period in equal parts, due so many months one after the other, as rows of a table."""

    rows: RowsOf
    count: Given
    every: Given


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How a settled record is put right: by a row of one of its tables, or by another record."""

    set: tuple[Assignment, ...]
    field: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Revise:
    """What becomes of the records that are there: `existing` finds them; a `settled` one stays and is adjusted, another
    gets what `supersede` sets. `billed`: what has been asked for a period by now; without it, its amount.
    """

    existing: Search
    effective: Given
    settled: Formula
    supersede: tuple[Assignment, ...]
    adjust: Adjustment
    billed: Formula | None = None


@dataclass(frozen=True, kw_only=True)
class Series(ActingStep):
    """Either records of `form`, each with `lines` and perhaps instalments, or (without a form) rows of the run's own
    record. `charged` is the kind of days that cost something. While `preview` holds, the record's pages show what
    would be written.
    """

    form: str | None
    set: tuple[Assignment, ...]
    terms: TermsTerm | None = None
    parts: PartsTerm | None = None
    charged: str = "charged"
    lines: RowsOf | None = None
    instalments: Instalments | None = None
    rows_into: str | None = None
    revise: Revise | None = None
    preview: Formula | None = None
    noted: Uses = field(default_factory=Uses)

    def uses(self) -> Uses:
        """Every formula, search and field that it names."""
        return self.noted


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Series:
    reader, form = Reader(), raw.get("form")
    made: dict[str, Any] = {
        "form": form,
        "set": parse_set(raw["set"]),
        "terms": reader.terms(raw["terms"], "/terms") if "terms" in raw else None,
        "parts": reader.parts(raw["parts"], "/parts") if "parts" in raw else None,
        "charged": raw.get("charged", "charged"),
        "lines": _rows(raw["lines"]) if "lines" in raw else None,
        "instalments": _instalments(raw["instalments"], reader) if "instalments" in raw else None,
        "rows_into": raw.get("rows"),
        "revise": _revise(raw["revise"], reader) if "revise" in raw else None,
        "preview": Formula(raw["preview"]) if "preview" in raw else None,
    }
    noted = Uses(
        conditions=(("/preview", made["preview"]),) if made["preview"] is not None else (),
        asked=tuple(reader.asked),
        searches=tuple(reader.searches),
        tables=tuple(reader.tables),
        written=tuple(_written(made)),
    )
    return Series(**acting_frame(raw, pointer), **made, noted=noted)


def _rows(raw: Mapping[str, Any]) -> RowsOf:
    return RowsOf(raw["field"], parse_set(raw["set"]))


def _instalments(raw: Mapping[str, Any], reader: Reader) -> Instalments:
    count = reader.given(raw["count"], "/instalments/count", ("number", "blank"))
    return Instalments(_rows(raw), count, reader.given(raw.get("every", 1), "/instalments/every", ("number", "blank")))


def _revise(raw: Mapping[str, Any], reader: Reader) -> Revise:
    existing = reader.search(raw["existing"], "/revise/existing")
    form = existing.form
    adjust = raw["adjust"]
    told = [("/revise/settled", raw["settled"], "logical"), ("/revise/billed", raw.get("billed"), "number")]
    for at, text, kind in told:
        if text is not None:
            reader.asked.append(Asked(at, Formula(text), (kind,), None, form))
    effective = reader.given(raw["effective"], "/revise/effective", ("date", "datetime", "blank"))
    return Revise(
        existing,
        effective,
        Formula(raw["settled"]),
        parse_set(raw["supersede"]["set"]),
        Adjustment(parse_set(adjust["set"]), adjust.get("field"), adjust.get("form")),
        Formula(raw["billed"]) if "billed" in raw else None,
    )


def _written(made: Mapping[str, Any]) -> list[Written]:
    """What is set, each with what `row.` is there."""
    form, lines, parts, revise = (made[key] for key in ("form", "lines", "instalments", "revise"))
    if form is None:
        return [Written("/set", "", made["set"], "#period", table=made["rows_into"])]
    found = [Written("/set", form, made["set"], "#period", new=True)]
    if lines is not None:
        found.append(Written("/lines/set", form, lines.set, "#line", table=lines.field))
    if parts is not None:
        found.append(Written("/instalments/set", form, parts.rows.set, "#part", table=parts.rows.field))
    if revise is not None:
        adjust = revise.adjust
        found.append(Written("/revise/supersede/set", form, revise.supersede, None, form))
        found.append(
            Written(
                "/revise/adjust/set",
                adjust.form or form,
                adjust.set,
                "#difference",
                form,
                new=adjust.field is None,
                table=adjust.field or "",
            )
        )
    return found


_SET_ROWS = {
    "type": "object",
    "required": ["field", "set"],
    "additionalProperties": False,
    "properties": {"field": ref("key"), "set": ref("set")},
}
_INSTALMENTS = {
    **_SET_ROWS,
    "required": ["field", "set", "count"],
    "properties": {"field": ref("key"), "set": ref("set"), "count": COUNT, "every": COUNT},
}
_REVISE = {
    "type": "object",
    "required": ["existing", "effective", "settled", "supersede", "adjust"],
    "additionalProperties": False,
    "properties": {
        "existing": ref("search"),
        "effective": DAY,
        "settled": ref("formula"),
        "billed": ref("formula"),
        "supersede": {
            "type": "object",
            "required": ["set"],
            "additionalProperties": False,
            "properties": {"set": ref("set")},
        },
        "adjust": {
            "type": "object",
            "required": ["set"],
            "additionalProperties": False,
            "properties": {"set": ref("set"), "field": ref("key"), "form": ref("key")},
        },
    },
}
TYPE = StepType(
    "series",
    {
        "form": ref("key"),
        "rows": ref("key"),
        "set": ref("set"),
        "terms": TERMS,
        "parts": PARTS,
        "charged": ref("key"),
        "lines": _SET_ROWS,
        "instalments": _INSTALMENTS,
        "revise": _REVISE,
        "preview": ref("formula"),
        "when_returned": WHEN_RETURNED,
    },
    _parse,
    required=("set",),
    one_of=(("form", "terms"), ("form", "parts"), ("rows", "terms"), ("rows", "parts")),
)
