"""The worked schedule of docs/actions.md, made as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from sqlalchemy import select

from form_engine.models import Record
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World, _access

GUIDE = (Path(__file__).parents[2] / "docs" / "actions.md").read_text("utf-8")
DAYS = [{"key": key, "type": "date", "label": key} for key in ("from", "to")]
MONEY = {"type": "money", "currency": "CNY"}


def form(key: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "form", "key": key, "title": key, "fields": [*DAYS, *fields], "access": _access()}


def test_the_worked_schedule_comes_out_as_the_guide_says(world: World) -> None:
    blocks = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    plan = json.loads(next(block for block in blocks if '"type": "series"' in block))
    link = {"key": "membership", "type": "link", "form": "membership", "label": "Of"}
    lines = [
        {"key": "kind", "type": "choice", "label": "Kind", "options": ["usual", "free", "paused", "adjust"]},
        *DAYS,
        {"key": "amount", "label": "Amount", **MONEY},
    ]
    adjusted = 'SUMIF(lines.kind, "adjust", lines.amount)'
    forms = {
        "membership": form(
            "membership",
            {"key": "monthly", "label": "A month", **MONEY},
            {"key": "new_from", "type": "date", "label": "New from"},
            {"key": "free_days", "type": "table", "label": "Free", "fields": DAYS},
            {
                "key": "new_terms",
                "type": "table",
                "label": "Terms",
                "fields": [DAYS[0], {"key": "monthly", "label": "A month", **MONEY}],
            },
        ),
        "pause": form("pause", link, {"key": "granted", "type": "boolean", "label": "Granted"}),
        "fee": form(
            "fee",
            link,
            {"key": "no", "type": "number", "decimals": 0, "label": "No"},
            {"key": "due", "type": "date", "label": "Due"},
            {"key": "amount", "label": "Amount", **MONEY},
            {"key": "paid", "label": "Paid", **MONEY},
            {"key": "locked", "type": "boolean", "label": "Locked"},
            {"key": "state", "type": "choice", "label": "State", "options": ["open", "void"], "default": "open"},
            {"key": "adjusted", "type": "formula", "label": "Adjusted", "value": adjusted},
            {"key": "lines", "type": "table", "label": "Lines", "fields": lines},
        ),
    }
    flow = {"kind": "flow", "key": "go", "title": "Go", "form": "membership", "trigger": {"on": "submit"}}
    flow["steps"] = [plan]
    with world.work() as session:
        world.forms.publish_together(session, forms, SYSTEM)
        world.flows.definitions.publish_together(session, {"go": flow}, SYSTEM)
    raw: dict[str, Any] = {"from": "2026-01-15", "to": "2027-07-14", "monthly": "1200.00"}
    raw |= {"free_days": [{"from": "2026-01-15", "to": "2026-02-14"}]}
    with world.work() as session:
        world.records.create(session, world.forms, "membership", raw, world.actor("agent"))
    with world.work() as session:
        found = session.scalars(select(Record).where(Record.form == "fee").order_by(Record.id)).all()
        told = [one.data for one in found]
    first, second, *_, fifth, _ = told
    assert [(row["kind"], row["to"], row["amount"]) for row in first["lines"]] == [
        ("free", "2026-02-14", "0.00"),
        ("usual", "2026-04-14", "2400.00"),
    ]
    assert (first["due"], second["due"], second["to"], second["amount"]) == (
        "2026-01-15",
        "2026-04-10",
        "2026-07-14",
        "3600.00",
    )
    assert fifth["amount"] == "3780.00", "5 % more after a year"
