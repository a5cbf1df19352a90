"""JSON → `ImportProfile`. What it says about its form is asked in `compile_profile`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from formloom.errors import InvalidDefinition, Issue

from form_engine.definition.bounds import check_bounds
from form_engine.fields.base import CoerceHints, ConfigError
from form_engine.fields.expression import read_formula
from form_engine.imports.profile.model import (
    Case,
    Check,
    ColumnDef,
    Duplicates,
    Fixed,
    ImportProfile,
    Like,
    MatchStep,
    OwnCode,
    Replace,
    SkipRules,
    Source,
    Upsert,
)
from form_engine.schemas import Checker, schema

_SKIPPED = ("blank", "repeated_header", "subtotal", "footnote", "group")


def parse_profile(raw: object) -> ImportProfile:
    """The profile that `raw` describes. Raises InvalidDefinition with every issue, and nothing else."""
    check_bounds(raw)
    issues = list(_checker().issues(raw))
    if issues or not isinstance(raw, dict):
        raise InvalidDefinition("invalid_definition", issues=tuple(issues))
    issues += _doubles(raw["columns"])
    try:
        columns = tuple(_column(each, f"/columns/{at}") for at, each in enumerate(raw["columns"]))
    except ConfigError as error:
        raise InvalidDefinition("invalid_definition", issues=(*issues, error.issue)) from None
    profile = _profile(raw, columns)
    issues += _unknown_columns(profile)
    if issues:
        raise InvalidDefinition("invalid_definition", issues=tuple(issues))
    return profile


@cache
def _checker() -> Checker:
    return Checker(schema("import"))


def _profile(raw: Mapping[str, Any], columns: tuple[ColumnDef, ...]) -> ImportProfile:
    skip, header = raw.get("skip", {}), raw.get("header", {})
    duplicates, upsert = raw.get("duplicates"), raw.get("upsert")
    return ImportProfile(
        key=raw["key"],
        form=raw["form"],
        title=raw["title"],
        columns=columns,
        sheets=tuple(raw.get("sheets", ("*",))),
        header_row=header.get("row"),
        header_rows=header.get("rows"),
        skip=SkipRules(
            {kind: skip[kind] for kind in _SKIPPED if kind in skip},
            tuple(skip.get("subtotal_words", ())),
            tuple(skip.get("footnote_words", ())),
        ),
        duplicates=Duplicates(
            tuple(duplicates["key"]),
            tuple(duplicates.get("identical", ("duplicate_row",))),
            tuple(duplicates.get("conflict", ("contradicting_rows",))),
        )
        if duplicates
        else None,
        upsert=Upsert(tuple(upsert["key"]), upsert.get("found", "update")) if upsert else None,
        codes={code: OwnCode(each["level"], each["text"]) for code, each in raw.get("codes", {}).items()},
    )


def _column(raw: Mapping[str, Any], at: str) -> ColumnDef:
    value = read_formula(raw["value"], f"{at}/value") if "value" in raw else None
    return ColumnDef(
        key=raw["key"],
        headers=tuple(raw.get("headers", ())),
        to=raw.get("to"),
        typed=raw.get("as"),
        hints=CoerceHints(**raw.get("hints", {})),
        text=tuple(
            each if isinstance(each, str) else Replace(each["replace"], each["with"], f"{at}/text/{index}/replace")
            for index, each in enumerate(raw.get("text", ()))
        ),
        values=raw.get("values", {}),
        cases=tuple(_case(each, f"{at}/cases/{index}") for index, each in enumerate(raw.get("cases", ()))),
        value=value,
        default=_source(raw["default"], f"{at}/default") if "default" in raw else None,
        blank=tuple(raw.get("blank", ())),
        notes=_by_reason(raw.get("notes", {})),
        refused=_by_reason(raw.get("refused", {})),
        checks=tuple(
            Check(
                read_formula(each["when"], f"{at}/checks/{index}/when"), tuple(each["codes"]), each.get("clear", False)
            )
            for index, each in enumerate(raw.get("checks", ()))
        ),
        match=tuple(_step(each, f"{at}/match/{index}") for index, each in enumerate(raw.get("match", ()))),
        unmatched=tuple(raw.get("unmatched", ("no_such_record",))),
        ambiguous=tuple(raw.get("ambiguous", ("several_such_records",))),
        at=at,
    )


def _case(raw: Mapping[str, Any], at: str) -> Case:
    return Case(
        match=raw["match"],
        groups=raw.get("groups", {}),
        value=_source(raw["value"], f"{at}/value") if "value" in raw else None,
        set={key: _source(each, f"{at}/set/{key}") for key, each in raw.get("set", {}).items()},
        codes=tuple(raw.get("codes", ())),
        at=at,
    )


def _step(raw: Mapping[str, Any], at: str) -> MatchStep:
    like = raw.get("like")
    return MatchStep(
        by=raw["by"],
        like=Like(like["field"], like["column"], Decimal(like.get("least", "0.6"))) if like else None,
        codes=tuple(raw.get("codes", ())),
        at=at,
    )


def _source(raw: Any, at: str) -> Source:
    return read_formula(raw["="], f"{at}/=") if isinstance(raw, dict) else Fixed(raw)


def _by_reason(raw: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {reason: tuple(codes) for reason, codes in raw.items()}


def _doubles(columns: list[dict[str, Any]]) -> Iterator[Issue]:
    for name in ("key", "to"):
        seen: Counter[str] = Counter()
        for at, column in enumerate(columns):
            if name in column:
                seen[column[name]] += 1
                if seen[column[name]] == 2:
                    yield Issue(f"/columns/{at}/{name}", "duplicate_key", {"key": column[name]})


def _unknown_columns(profile: ImportProfile) -> Iterator[Issue]:
    known = {column.key for column in profile.columns}
    named: list[tuple[str, str]] = []
    if profile.duplicates:
        named += [(f"/duplicates/key/{at}", key) for at, key in enumerate(profile.duplicates.key)]
    if profile.upsert:
        named += [(f"/upsert/key/{at}", key) for at, key in enumerate(profile.upsert.key)]
    for column in profile.columns:
        named += [(f"{case.at}/set/{key}", key) for case in column.cases for key in case.set]
        for step in column.match:
            named += [(f"{step.at}/by/{field}", key) for field, key in step.by.items()]
            named += [(f"{step.at}/like/column", step.like.column)] if step.like else []
    yield from (Issue(at, "unknown_column", {"column": key}) for at, key in named if key not in known)
