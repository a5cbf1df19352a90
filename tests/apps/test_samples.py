"""Sample rows find each other by name, in whatever order they come."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest
from formloom.errors import InvalidDefinition

from apps import bundle, samples
from apps.canonical import canonical_text
from apps.demo import FOLDER
from apps.names import Known, Values
from apps.samples import Sample
from form_engine.definition import FormDef, parse_form

FORMS = {
    "team": parse_form(
        {
            "kind": "form",
            "key": "team",
            "title": "Team",
            "fields": [
                {"key": "name", "type": "text", "label": "Name"},
                {"key": "parent", "type": "link", "form": "team", "label": "Parent"},
                {"key": "lead", "type": "member", "label": "Lead"},
                {
                    "key": "rivals",
                    "type": "table",
                    "label": "Rivals",
                    "fields": [{"key": "team", "type": "link", "form": "team", "label": "Team"}],
                },
            ],
        }
    )
}


class Ledger:
    """Stands in for the records service: keeps what it is given and hands out ids."""

    def __init__(self) -> None:
        self.rows: dict[int, Values] = {}

    def write(self, form: str, rows: Sequence[Values]) -> list[int]:
        ids = [len(self.rows) + number for number in range(1, len(rows) + 1)]
        self.rows.update(zip(ids, rows, strict=True))
        return ids


def _teams(*rows: tuple[object, ...]) -> Sample:
    return Sample("team", "name", ("name", "parent", "lead", "rivals"), rows)  # type: ignore[arg-type]


ROWS = (
    ("blue", "red", "ann", None),
    ("red", "green", None, [{"team": "green"}]),
    ("green", None, "bob", None),
)


@pytest.mark.parametrize("rows", list(itertools.permutations(ROWS)))
def test_links_in_any_order_find_their_record(rows: tuple[tuple[object, ...], ...]) -> None:
    ledger, known = Ledger(), Known({"ann": 71, "bob": 72})
    assert samples.load([_teams(*rows)], FORMS, known, ledger.write) == 3
    ids = known.records["team"]
    assert ledger.rows[ids["blue"]] == {"name": "blue", "parent": ids["red"], "lead": 71}
    assert ledger.rows[ids["red"]]["rivals"] == [{"team": ids["green"]}]
    assert ledger.rows[ids["green"]] == {"name": "green", "lead": 72}


def test_records_are_written_in_batches() -> None:
    sizes: list[int] = []
    ledger = Ledger()

    def write(form: str, rows: Sequence[Values]) -> list[int]:
        sizes.append(len(rows))
        return ledger.write(form, rows)

    rows = [(f"team {number}", None, None, None) for number in range(samples.BATCH * 2 + 1)]
    samples.load([_teams(*rows)], FORMS, Known(), write)
    assert sizes == [samples.BATCH, samples.BATCH, 1]


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        (("blue", "gone", None, None), "gone"),
        (("blue", "blue", None, None), "blue"),
        (("blue", None, "eve", None), "eve"),
    ],
)
def test_a_name_that_stands_for_nothing_is_told(row: tuple[object, ...], missing: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        samples.load([_teams(row)], FORMS, Known(), Ledger().write)
    assert caught.value.code == "sample_unresolved"
    assert caught.value.params["row"] == "blue"
    assert caught.value.params["name"] == missing


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("sample_row_length", {"rows": [["blue", "red"]]}),
        ("sample_key_repeated", {"rows": [["blue"], ["blue"]]}),
        ("sample_unknown_column", {"key": "code"}),
        ("bundle_invalid", {"rows": {"name": "blue"}}),
    ],
)
def test_a_spoilt_file_is_refused(code: str, changes: dict[str, object], tmp_path: Path) -> None:
    whole = {"kind": "sample", "form": "team", "key": "name", "columns": ["name"], "rows": [["blue"]]}
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "team.json").write_text(canonical_text({**whole, **changes}), "utf-8")
    with pytest.raises(InvalidDefinition) as caught:
        samples.read_samples(tmp_path)
    assert caught.value.code == code
    assert caught.value.params["file"] == "sample/team.json"


@pytest.mark.parametrize(
    ("code", "sample"),
    [
        ("sample_unknown_form", Sample("guild", "name", ("name",), ())),
        ("sample_unknown_column", Sample("team", "name", ("name", "motto"), ())),
    ],
)
def test_a_sample_speaks_of_forms_and_fields_that_there_are(code: str, sample: Sample) -> None:
    with pytest.raises(InvalidDefinition, match=code):
        samples.load([sample], FORMS, Known(), Ledger().write)


def test_the_case_data_is_whole() -> None:
    forms: dict[str, FormDef] = {key: parse_form(dict(raw)) for key, raw in bundle.read(FOLDER).of_kind("form").items()}
    known = Known({"agent1": 1, "agent2": 2, "technician1": 3, "technician2": 4, "technician3": 5})
    samples.load(samples.read_samples(FOLDER), forms, known, Ledger().write)
    counts = {form: len(ids) for form, ids in known.records.items()}
    rented = {"site": 26, "unit": 3_876, "customer": 2_460, "contract": 3_000, "bill": 1_979}
    assert counts == {**rented, "equipment": 350, "technician": 48, "amendment": 57, "suspension": 33}
