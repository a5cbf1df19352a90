"""A world of works whose figures hang on each other: rates price items, items sum up in orders, orders in projects.

`Works` writes through the service; `expected` works the same figures out from nothing but the documents, in a few lines
of its own.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.recalculation import drain
from form_engine.records.actor import SYSTEM
from form_engine.records.service import Records

MEMBERS = [{"role": "member", "may": ["create", "read", "update", "delete"]}]


def form(key: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    labelled = [{"label": {"en": each["key"]}, **each} for each in fields]
    return {"kind": "form", "key": key, "title": {"en": key}, "fields": labelled, "access": MEMBERS, **more}


RATE = form("rate", {"key": "name", "type": "text"}, {"key": "price", "type": "number"}, display="name")
ITEM = form(
    "item",
    {"key": "order", "type": "link", "form": "order"},
    {"key": "rate", "type": "link", "form": "rate"},
    {"key": "quantity", "type": "number"},
    {"key": "cost", "type": "formula", "value": "quantity * rate.price", "index": True},
    display='quantity & "x" & rate.name',
)
ORDER = form(
    "order",
    {"key": "project", "type": "link", "form": "project"},
    {
        "key": "total",
        "type": "rollup",
        "from": "item",
        "via": "order",
        "fn": "sum",
        "of": "target.cost",
        "where": "target.quantity > 0",
        "index": True,
    },
    {"key": "dearest", "type": "rollup", "from": "item", "via": "order", "fn": "max", "of": "target.rate.price"},
    {"key": "large", "type": "formula", "value": 'IF(total > 50, "large", "small")', "index": True},
)
PROJECT = form(
    "project",
    {"key": "budget", "type": "number"},
    {"key": "spent", "type": "rollup", "from": "order", "via": "project", "fn": "sum", "of": "target.total"},
    {
        "key": "mean",
        "type": "rollup",
        "from": "order",
        "via": "project",
        "fn": "average",
        "of": "target.dearest",
        "index": True,
    },
    {"key": "left", "type": "formula", "value": "budget - spent", "index": True},
)
BODIES = {"rate": RATE, "item": ITEM, "order": ORDER, "project": PROJECT}


@dataclass
class Works:
    """The four forms, live, and a service over them."""

    databases: Databases
    workspace: int
    bodies: Mapping[str, dict[str, Any]] = field(default_factory=lambda: BODIES)
    forms: FormStore = field(default_factory=FormStore)
    records: Records = field(default_factory=Records)

    def __post_init__(self) -> None:
        self.publish(self.bodies)

    def work(self) -> AbstractContextManager[Session]:
        return unit_of_work(self.databases, self.workspace)

    def publish(self, bodies: Mapping[str, dict[str, Any]]) -> None:
        with self.work() as session:
            self.forms.publish_together(session, dict(bodies), SYSTEM)

    def create(self, form: str, **values: Any) -> int:
        with self.work() as session:
            return self.records.create(session, self.forms, form, values, SYSTEM).id

    def update(self, record: int, **changes: Any) -> None:
        with self.work() as session:
            self.records.update(session, self.forms, record, changes, SYSTEM)

    def delete(self, record: int) -> None:
        with self.work() as session:
            self.records.delete(session, self.forms, record, SYSTEM, force=True)

    def restore(self, record: int) -> None:
        with self.work() as session:
            self.records.restore(session, self.forms, record, SYSTEM)

    def ids(self, form: str, **asked: Any) -> list[int]:
        with self.work() as session:
            return [each.id for each in self.records.list_page(session, self.forms, form, SYSTEM, **asked).items]

    def computed(self, record: int) -> Any:
        with self.work() as session:
            return self.records.view(session, self.forms, record, SYSTEM).computed

    def settle(self) -> None:
        """What the clock does every few seconds, now and whole."""
        drain.drain(self.databases, self.workspace, self.forms.forms, "system", most=1_000_000)

    def together(self, *calls: Any) -> list[Any]:
        """At once, each on a connection of its own."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [each.result() for each in [pool.submit(call) for call in calls]]

    def stored(self) -> dict[int, dict[str, Any]]:
        """By live record: its title and what the slots of its computed fields hold, numbers unscaled."""
        with self.work() as session:
            forms = self.forms.forms(session)
            rows = session.execute(
                text(
                    "SELECT r.id, r.form, r.title, to_jsonb(i) AS slots FROM record r JOIN record_index i"
                    " ON i.workspace_id = r.workspace_id AND i.record_id = r.id"
                )
            ).all()
        found = {}
        for row in rows:
            values: dict[str, Any] = {"title": row.title}
            for path, slot in forms.slots.get(row.form, {}).items():
                if forms[row.form].by_path[path].computed:
                    value = row.slots[slot]
                    values[path] = Decimal(value).scaleb(-6) if isinstance(value, int) else value
            found[row.id] = values
        return found

    def parts(self) -> set[tuple[int, str, int, Decimal]]:
        with self.work() as session:
            rows = session.execute(text("SELECT child_id, rollup, parent_id, amount FROM rollup_part"))
            return {(row.child_id, row.rollup, row.parent_id, row.amount) for row in rows}

    def marks(self) -> int:
        with self.work() as session:
            return int(session.execute(text("SELECT count(*) FROM recalculation")).scalar_one())

    def expected(self) -> tuple[dict[int, dict[str, Any]], set[tuple[int, str, int, Decimal]]]:
        """(what `stored` should say, what `parts` should say)."""
        with self.work() as session:
            rows = session.execute(text("SELECT id, form, data FROM record WHERE deleted_at IS NULL AND NOT draft"))
            data = {row.id: (row.form, row.data) for row in rows}
        return _expected(data)


def number(value: Any) -> Decimal:
    """A stored number; a blank is 0."""
    return Decimal(value or 0)


def _expected(
    data: dict[int, tuple[str, dict[str, Any]]],
) -> tuple[dict[int, dict[str, Any]], set[tuple[int, str, int, Decimal]]]:
    of = {name: {key: doc for key, (form, doc) in data.items() if form == name} for name in BODIES}
    stored: dict[int, dict[str, Any]] = {}
    parts: set[tuple[int, str, int, Decimal]] = set()
    rates = of["rate"]
    for key, doc in rates.items():
        stored[key] = {"title": doc.get("name", "")}
    for key, doc in of["item"].items():
        rate = rates.get(doc.get("rate", 0))
        price = number(rate.get("price")) if rate else Decimal(0)
        cost = number(doc.get("quantity")) * price
        name = rate.get("name", "") if rate else ""
        quantity = f"{number(doc['quantity']).normalize():f}" if "quantity" in doc else ""
        stored[key] = {"cost": cost, "title": f"{quantity}x{name}"}
        if doc.get("order") is None:
            continue
        if number(doc.get("quantity")) > 0:
            parts.add((key, "order.total", doc["order"], cost))
        if rate and rate.get("price") is not None:
            parts.add((key, "order.dearest", doc["order"], price))
    for key, doc in of["order"].items():
        total = sum((part[3] for part in parts if part[1] == "order.total" and part[2] == key), Decimal(0))
        prices = [part[3] for part in parts if part[1] == "order.dearest" and part[2] == key]
        stored[key] = {"total": total, "large": "large\x01large" if total > 50 else "small\x01small", "title": ""}
        if doc.get("project") is not None:
            parts.add((key, "project.spent", doc["project"], total))
            if prices:
                parts.add((key, "project.mean", doc["project"], max(prices)))
    for key, doc in of["project"].items():
        spent = sum((part[3] for part in parts if part[1] == "project.spent" and part[2] == key), Decimal(0))
        dear = [part[3] for part in parts if part[1] == "project.mean" and part[2] == key]
        mean = (sum(dear, Decimal(0)) / len(dear)).quantize(Decimal("0.000001")) if dear else None
        stored[key] = {"left": number(doc.get("budget")) - spent, "mean": mean, "title": ""}
    return stored, parts
