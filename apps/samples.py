"""Sample records of a bundle: read from `sample/*.json`, put in an order in which every link finds its record.

A row names other records by what they are called (the `key` column of their form's sample), people by their handle.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from formloom.errors import InvalidDefinition

from apps.json_file import read_json
from apps.names import Known, UnresolvedError, Values, resolve
from apps.schemas import check_shape
from form_engine.definition import FormDef
from form_engine.fields.base import Json

BATCH: Final = 500
"""Records a write. Larger batches gain nothing and hold their locks longer."""

_OTHER: Final = ("people", "stories")
"""What else lies among the samples: see `apps.demo`."""

CODES = (
    "bundle_invalid",
    "sample_key_repeated",
    "sample_row_length",
    "sample_unknown_column",
    "sample_unknown_form",
    "sample_unresolved",
)

Write = Callable[[str, Sequence[Values]], Sequence[int]]
"""Stores records of a form and gives their ids in the same order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one form. `key` is the column by which other rows name them."""

    form: str
    key: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Json, ...], ...]

    def named(self) -> Iterator[tuple[str, Values]]:
        """Every row by its name, without its blanks."""
        place = self.columns.index(self.key)
        for row in self.rows:
            pairs = zip(self.columns, row, strict=True)
            yield str(row[place]), {column: value for column, value in pairs if value is not None}


def read_samples(folder: Path) -> tuple[Sample, ...]:
    """All samples of a bundle's folder. Raises InvalidDefinition that names the file."""
    return tuple(_sample(path) for path in sorted((folder / "sample").glob("*.json")) if path.stem not in _OTHER)


def load(samples: Sequence[Sample], forms: Mapping[str, FormDef], known: Known, write: Write) -> int:
    """Write every sample record through `write`, those first to which others point; `known` learns their ids.

    Returns how many there were. Raises InvalidDefinition where a row names what no row is called.
    """
    for sample in samples:
        _check_names(sample, forms)
    waiting = {sample.form: list(sample.named()) for sample in samples}
    done = 0
    while waiting:
        before = done
        for form in list(waiting):
            ready, later = _sorted_out(forms[form], waiting[form], known)
            for start in range(0, len(ready), BATCH):
                batch = ready[start : start + BATCH]
                ids = write(form, [values for _, values in batch])
                names = (name for name, _ in batch)
                known.records.setdefault(form, {}).update(zip(names, ids, strict=True))
            done += len(ready)
            waiting[form] = later
            if not later:
                del waiting[form]
        if done == before:
            raise _unresolved(waiting, forms, known)
    return done


def _check_names(sample: Sample, forms: Mapping[str, FormDef]) -> None:
    shown = f"sample/{sample.form}.json"
    form = forms.get(sample.form)
    if form is None:
        raise InvalidDefinition("sample_unknown_form", {"file": shown, "form": sample.form})
    for column in sample.columns:
        if column not in form.by_key:
            raise InvalidDefinition("sample_unknown_column", {"file": shown, "column": column})


def _sorted_out(
    form: FormDef, rows: Sequence[tuple[str, Values]], known: Known
) -> tuple[list[tuple[str, Values]], list[tuple[str, Values]]]:
    ready: list[tuple[str, Values]] = []
    later: list[tuple[str, Values]] = []
    for name, values in rows:
        try:
            ready.append((name, resolve(values, form.by_key, known)))
        except UnresolvedError:
            later.append((name, values))
    return ready, later


def _unresolved(
    waiting: Mapping[str, Sequence[tuple[str, Values]]], forms: Mapping[str, FormDef], known: Known
) -> InvalidDefinition:
    form, ((name, values), *_) = next(iter(waiting.items()))
    try:
        resolve(values, forms[form].by_key, known)
    except UnresolvedError as missing:
        return InvalidDefinition(
            "sample_unresolved",
            {"file": f"sample/{form}.json", "row": name, "form": missing.form, "name": missing.name},
        )
    raise AssertionError("a row that waits lacks a name")


def _sample(path: Path) -> Sample:
    shown = f"sample/{path.name}"
    raw: Any = read_json(path, shown)
    check_shape("sample", raw, shown)
    columns, rows = tuple(raw["columns"]), tuple(tuple(row) for row in raw["rows"])
    if raw["key"] not in columns:
        raise InvalidDefinition("sample_unknown_column", {"file": shown, "column": raw["key"]})
    if any(len(row) != len(columns) for row in rows):
        raise InvalidDefinition("sample_row_length", {"file": shown, "columns": len(columns)})
    sample = Sample(raw["form"], raw["key"], columns, rows)
    names: set[str] = set()
    for name, _ in sample.named():
        if name in names:
            raise InvalidDefinition("sample_key_repeated", {"file": shown, "row": name})
        names.add(name)
    return sample
