"""The proof: a site manager's dirty sheet, and the key that says what must become of every row of it.

Nothing in the code knows this file: coercers, the app's forms and its import profile in JSON do it all.
"""

import csv
import json
from collections.abc import Mapping
from typing import Any

import pytest

from apps import bundle
from apps.demo import FOLDER
from apps.install import install
from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.records.actor import SYSTEM, Actor
from tests.imports.conftest import DATA, Office

LEGACY = DATA / "legacy"
FILE = LEGACY / "legacy_contracts_dirty.xlsx"


def masters(name: str) -> list[dict[str, str]]:
    with (LEGACY / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_masters(office: Office) -> None:
    """Sites, units and customers as the firm keeps them."""
    with office.work() as session:
        install(session, office.stores, bundle.read(FOLDER), SYSTEM)
    units, customers = masters("units.csv"), masters("customers.csv")
    with office.work() as session:
        codes = sorted({row["site"] for row in units})
        rows = [{"code": code, "name": code, "city": "城市"} for code in codes]
        sites = dict(zip(codes, office.records.import_rows(session, office.forms, "site", rows, SYSTEM), strict=True))
        office.records.import_rows(
            session,
            office.forms,
            "unit",
            [{"code": row["unit"], "site": sites[row["site"]], "list_rent": row["list_rent"]} for row in units],
            SYSTEM,
        )
        office.records.import_rows(
            session,
            office.forms,
            "customer",
            [
                {"customer_no": row["customer_id"], "name": row["name"], "city": row["city"], "phone": row["phone"]}
                for row in customers
            ],
            SYSTEM,
        )


@pytest.fixture
def firm(office: Office) -> Office:
    load_masters(office)
    return office


def outcome(
    office: Office, batch: ImportBatch, row: ImportRow, linked: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    """A row of ours as the key spells it."""
    clean = row.clean
    customer = linked.get(clean["customer"]) if clean else None
    return {
        "sheet": batch.found["sheets"][row.sheet]["name"],
        "row": row.line,
        "outcome": row.state,
        "codes": [issue["code"] for issue in row.issues],
        "clean": {
            "contract_no": clean["contract_no"],
            "unit_code": linked[clean["unit"]]["code"] if clean["unit"] else None,
            "customer_id": customer["customer_no"] if customer else None,
            "customer_name": customer["name"] if customer else None,
            "phone": clean["phone"],
            "start": clean["start"],
            "end": clean["end"],
            "monthly_rent": clean["monthly_rent"],
            "deposit": clean["deposit"],
            "cycle_months": int(clean["cycle"][1:]) if clean["cycle"] else None,
        }
        if clean
        else None,
    }


def linked_values(office: Office) -> dict[int, Mapping[str, Any]]:
    from sqlalchemy import select

    from form_engine.models import Record

    with office.work() as session:
        rows = session.execute(select(Record.id, Record.data).where(Record.form.in_(("unit", "customer"))))
        return {row.id: row.data for row in rows}


def test_every_row_ends_as_the_key_says(firm: Office) -> None:
    manager = firm.person("manager", "admin")
    batch = firm.upload("contract", FILE.read_bytes(), manager, "台账.xlsx", profile="legacy_contracts")
    key = [json.loads(line) for line in (LEGACY / "legacy_key.jsonl").read_text("utf-8").splitlines()]
    linked = linked_values(firm)
    ours = [outcome(firm, batch, row, linked) for row in firm.rows(batch)]
    differing = [(one, other) for one, other in zip(ours, key, strict=True) if one != other]
    assert differing == []
    assert len(ours) == 601


def test_what_is_valid_is_written_and_can_be_taken_back(firm: Office) -> None:
    manager = firm.person("manager", "admin")
    batch = firm.upload("contract", FILE.read_bytes(), manager, "台账.xlsx", profile="legacy_contracts")
    assert batch.counts == {"ok": 249, "warn": 209, "error": 112, "skip": 29, "header": 2}
    done = firm.run(batch, manager, valid_only=True)
    assert (done.state, done.result) == ("done", {"written": 458})
    assert count(firm, manager) == 458
    undone = firm.undo(batch, manager)
    assert (undone.state, undone.result) == ("undone", {"undone": 458, "kept": 0})
    assert count(firm, manager) == 0


def count(office: Office, actor: Actor) -> int:
    with office.work() as session:
        return office.records.list_page(session, office.forms, "contract", actor, limit=1).count
