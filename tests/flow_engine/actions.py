"""A small world for steps that write beside their own record: agreements, the charges that follow from them, breaks."""

from typing import Any

from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World, _access

AGREEMENT: dict[str, Any] = {
    "kind": "form",
    "key": "agreement",
    "title": {"en": "Agreement"},
    "number": "A-{seq:4}",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name", "required": True},
        {"key": "start", "type": "date", "label": "From"},
        {"key": "end", "type": "date", "label": "To"},
        {"key": "every", "type": "number", "label": "Months"},
        {"key": "rate", "type": "money", "currency": "CNY", "label": "A month"},
        {"key": "alignment", "type": "choice", "label": "Counted", "options": ["anniversary", "calendar"]},
        {"key": "ahead", "type": "number", "label": "Days ahead"},
        {"key": "rise_every", "type": "number", "label": "Rises every"},
        {"key": "rise", "type": "percent", "label": "Rises by"},
        {"key": "rise_amount", "type": "money", "currency": "CNY", "label": "Rises by an amount"},
        {"key": "extends", "type": "boolean", "label": "Breaks extend"},
        {"key": "effective", "type": "date", "label": "New terms from"},
        {"key": "owner", "type": "member", "label": "Owner"},
        {"key": "helpers", "type": "members", "label": "Helpers"},
        {"key": "state", "type": "choice", "label": "State", "options": ["draft", "running", "over"]},
        {"key": "note", "type": "text", "label": "Note"},
        {"key": "first", "type": "link", "form": "charge", "label": "First charge"},
        {"key": "charges", "type": "links", "form": "charge", "label": "Charges"},
        {
            "key": "free",
            "type": "table",
            "label": "Free days",
            "fields": [
                {"key": "from", "type": "date", "label": "From"},
                {"key": "to", "type": "date", "label": "To"},
            ],
        },
        {
            "key": "versions",
            "type": "table",
            "label": "Versions",
            "fields": [
                {"key": "from", "type": "date", "label": "From"},
                {"key": "rate", "type": "money", "currency": "CNY", "label": "A month"},
                {"key": "every", "type": "number", "label": "Months"},
                {"key": "anew", "type": "boolean", "label": "Anew"},
            ],
        },
        {
            "key": "items",
            "type": "table",
            "label": "Items",
            "fields": [
                {"key": "name", "type": "text", "label": "Name"},
                {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
                {"key": "done", "type": "boolean", "label": "Done"},
                {"key": "charge", "type": "link", "form": "charge", "label": "Charge"},
            ],
        },
        {
            "key": "instalments",
            "type": "table",
            "label": "Instalments",
            "fields": [
                {"key": "due", "type": "date", "label": "Due"},
                {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
            ],
        },
        {
            "key": "asked",
            "type": "rollup",
            "label": "Asked",
            "from": "charge",
            "via": "agreement",
            "fn": "sum",
            "of": "target.amount",
            "where": 'target.state <> "void"',
        },
    ],
    "access": _access(),
}
CHARGE: dict[str, Any] = {
    "kind": "form",
    "key": "charge",
    "title": {"en": "Charge"},
    "number": "C-{seq:5}",
    "display": ["number"],
    "fields": [
        {"key": "agreement", "type": "link", "form": "agreement", "label": "Agreement", "required": True},
        {"key": "no", "type": "number", "decimals": 0, "label": "No", "index": True},
        {"key": "from", "type": "date", "label": "From", "index": True},
        {"key": "to", "type": "date", "label": "To"},
        {"key": "due", "type": "date", "label": "Due"},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "required": True},
        {"key": "locked", "type": "boolean", "label": "Locked"},
        {"key": "kind", "type": "choice", "label": "Kind", "options": ["period", "adjustment", "other"]},
        {"key": "paid", "type": "money", "currency": "CNY", "label": "Paid"},
        {
            "key": "adjusted",
            "type": "formula",
            "label": "Adjusted",
            "value": 'SUMIF(lines.kind, "adjust", lines.amount)',
        },
        {"key": "note", "type": "text", "label": "Note"},
        {
            "key": "state",
            "type": "choice",
            "label": "State",
            "index": True,
            "options": ["open", "paid", "void", "planned"],
            "start": ["open", "planned"],
            "transitions": [["open", "paid"], ["open", "void"], ["planned", "open"]],
        },
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "kind", "type": "choice", "label": "Kind", "options": ["usual", "free", "aside", "adjust"]},
                {"key": "from", "type": "date", "label": "From"},
                {"key": "to", "type": "date", "label": "To"},
                {"key": "rate", "type": "money", "currency": "CNY", "label": "A month"},
                {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
                {"key": "locked", "type": "boolean", "label": "Locked"},
            ],
        },
        {
            "key": "instalments",
            "type": "table",
            "label": "Instalments",
            "fields": [
                {"key": "due", "type": "date", "label": "Due"},
                {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
            ],
        },
    ],
    "access": _access(),
}
BREAK: dict[str, Any] = {
    "kind": "form",
    "key": "break",
    "title": {"en": "Break"},
    "fields": [
        {"key": "agreement", "type": "link", "form": "agreement", "label": "Agreement", "on_delete": "cascade"},
        {"key": "from", "type": "date", "label": "From"},
        {"key": "to", "type": "date", "label": "To"},
    ],
    "access": _access(),
}
SERIES: dict[str, Any] = {
    "key": "plan",
    "type": "series",
    "form": "charge",
    "charged": "usual",
    "terms": {
        "start": {"=": "start"},
        "end": {"=": "end"},
        "every": {"=": "every"},
        "rate": {"=": "rate"},
        "alignment": {"=": "alignment"},
        "ahead": 12,
        "steps": {
            "every": {"=": "rise_every"},
            "fraction": {"=": "rise"},
            "amount": {"=": "rise_amount"},
        },
        "layers": [
            {
                "kind": "aside",
                "locked": True,
                "over": {"form": "break", "via": "agreement", "sort": ["from"]},
                "from": {"=": "row.from"},
                "to": {"=": "row.to"},
                "extends": {"=": "extends"},
            },
            {"kind": "free", "over": "free", "from": {"=": "row.from"}, "to": {"=": "row.to"}},
        ],
        "changes": {
            "over": "versions",
            "from": {"=": "row.from"},
            "rate": {"=": "row.rate"},
            "every": {"=": "row.every"},
            "anew": {"=": "row.anew"},
        },
        "due": {"at": "start", "days": {"=": "ahead"}},
    },
    "set": {
        "agreement": {"=": "id"},
        "kind": "period",
        "no": {"=": "row.number"},
        "from": {"=": "row.start"},
        "to": {"=": "row.end"},
        "due": {"=": "row.due"},
        "amount": {"=": "row.amount"},
        "locked": {"=": "row.locked"},
    },
    "lines": {
        "field": "lines",
        "set": {
            "kind": {"=": "row.kind"},
            "from": {"=": "row.start"},
            "to": {"=": "row.end"},
            "rate": {"=": "row.rate"},
            "amount": {"=": "row.amount"},
            "locked": {"=": "row.locked"},
        },
    },
    "revise": {
        "existing": {
            "form": "charge",
            "via": "agreement",
            "where": 'target.kind = "period" AND target.state <> "void"',
        },
        "effective": {"=": "effective"},
        "settled": "target.paid > 0",
        "billed": "target.amount + target.adjusted",
        "supersede": {"set": {"state": "void", "note": {"=": '"superseded by " & name'}}},
        "adjust": {
            "field": "lines",
            "set": {
                "kind": "adjust",
                "from": {"=": "row.start"},
                "to": {"=": "row.end"},
                "amount": {"=": "row.amount"},
            },
        },
    },
}


def install(world: World, *steps: dict[str, Any], **more: Any) -> None:
    """The three forms, and a flow of these steps on every new agreement."""
    flow = {
        "kind": "flow",
        "key": "go",
        "title": "Go",
        "form": "agreement",
        "trigger": {"on": "submit"},
        "steps": list(steps),
        **more,
    }
    with world.work() as session:
        if "agreement" not in world.forms.forms(session):
            bodies = {"agreement": AGREEMENT, "charge": CHARGE, "break": BREAK}
            world.forms.publish_together(session, bodies, SYSTEM)
        world.flows.definitions.publish_together(session, {flow["key"]: flow}, SYSTEM)


def button(key: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A flow that agents start by a button on an agreement."""
    trigger = {"on": "button", "label": key, "by": {"role": "agent"}, **more}
    return {"kind": "flow", "key": key, "title": key, "form": "agreement", "trigger": trigger, "steps": list(steps)}


def add(world: World, *flows: dict[str, Any]) -> None:
    """More flows."""
    with world.work() as session:
        world.flows.definitions.publish_together(session, {flow["key"]: flow for flow in flows}, SYSTEM)


def agree(world: World, **values: Any) -> int:
    """A new agreement by an agent: its flow begins."""
    with world.work() as session:
        raw = {"name": "Wang", **values}
        return world.records.create(session, world.forms, "agreement", raw, world.actor("agent")).id


def make(world: World, form: str, **values: Any) -> int:
    """A record that starts nothing."""
    with world.work() as session:
        return world.records.create(session, world.forms, form, values, SYSTEM).id


def press(world: World, key: str, record: int) -> int:
    """The run that a button starts."""
    with world.work() as session:
        return world.flows.press(session, key, record, world.actor("agent"))


def change(world: World, record: int, **values: Any) -> None:
    """By the house itself."""
    with world.work() as session:
        world.records.update(session, world.forms, record, values, SYSTEM)


def charges(world: World, agreement: int, **where: Any) -> list[Any]:
    """The charges of an agreement as they are stored, in the order of their ids."""
    from sqlalchemy import select

    from form_engine.models import Record

    with world.work() as session:
        found = session.scalars(
            select(Record).where(Record.form == "charge", Record.deleted_at.is_(None)).order_by(Record.id)
        ).all()
        mine = [one for one in found if one.data.get("agreement") == agreement]
        return [one for one in mine if all(one.data.get(key) == value for key, value in where.items())]


def history(world: World, record: int) -> list[Any]:
    """What was written of a record: (actor, action, via)."""
    from sqlalchemy import select

    from form_engine.models import RecordHistory

    with world.work() as session:
        rows = session.scalars(
            select(RecordHistory).where(RecordHistory.record_id == record).order_by(RecordHistory.version)
        )
        return [(row.actor, row.action, row.via) for row in rows]
