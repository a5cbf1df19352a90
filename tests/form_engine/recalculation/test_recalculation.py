"""Stored figures that hang on other records: exact after every change, whoever makes it and however far away."""

from decimal import Decimal
from typing import Any

import pytest
from formloom import jobs
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidDefinition
from formloom.outbox import Relay, Runner
from formloom.workspaces import create_workspace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from form_engine.recalculation import drain
from form_engine.recalculation.current import bring_up_to_date
from tests.platform.backends import Inline

THREADS = 8


def check(works: Any) -> None:
    stored, parts = works.expected()
    assert works.parts() == parts
    assert works.stored() == stored
    assert works.marks() == 0


def shown(works: Any, record: int) -> dict[str, Decimal]:
    return {key: Decimal(value) for key, value in works.computed(record).items()}


@pytest.fixture
def built(works: Any) -> dict[str, int]:
    project = works.create("project", budget="1000")
    order = works.create("order", project=project)
    rate = works.create("rate", name="sand", price="10")
    item = works.create("item", order=order, rate=rate, quantity="3")
    return {"project": project, "order": order, "rate": rate, "item": item}


def test_a_change_far_away_reaches_every_figure(works: Any, built: dict[str, int]) -> None:
    assert shown(works, built["project"]) == {"spent": 30, "mean": 10, "left": 970}
    works.update(built["rate"], price="20", name="gravel")
    assert shown(works, built["project"]) == {"spent": 60, "mean": 20, "left": 940}
    assert works.stored()[built["order"]]["total"] == 60
    check(works)


def test_children_that_move_go_and_come_back(works: Any, built: dict[str, int]) -> None:
    other = works.create("project", budget="5")
    second = works.create("order", project=other)
    works.update(built["item"], order=second)
    assert (works.stored()[built["project"]]["left"], works.stored()[other]["left"]) == (1000, -25)
    works.update(second, project=built["project"])
    check(works)
    works.update(built["item"], quantity="0")  # `where` lets it fall out
    check(works)
    works.update(built["item"], quantity="4")
    works.delete(built["item"])
    assert works.stored()[built["project"]]["left"] == 1000
    check(works)
    works.restore(built["item"])
    assert works.stored()[built["project"]]["left"] == 960
    check(works)
    works.delete(built["rate"])  # which clears the links to it
    check(works)
    works.restore(built["rate"])
    works.update(built["item"], rate=built["rate"])
    check(works)
    works.delete(built["project"])
    check(works)


def test_lists_filter_and_sort_by_what_is_kept(works: Any, built: dict[str, int]) -> None:
    dear = works.create("order", project=built["project"])
    works.create("item", order=dear, rate=built["rate"], quantity="9")
    assert works.ids("order", filter={"field": "total", "op": "gt", "value": "50"}) == [dear]
    assert works.ids("order", filter={"field": "large", "op": "eq", "value": "small"}) == [built["order"]]
    assert works.ids("order", sort=["-total"]) == [dear, built["order"]]
    assert works.ids("project", sort=["mean"]) == [built["project"]]
    works.update(built["rate"], price="1")
    assert works.ids("order", filter={"field": "total", "op": "gt", "value": "50"}) == []


def test_eight_at_once_below_one_parent(works: Any, built: dict[str, int]) -> None:
    """Items of one order, its rate, and items that move between orders: each on a connection of its own."""
    second = works.create("order", project=built["project"])
    items = [works.create("item", order=built["order"], rate=built["rate"], quantity="1") for _ in range(THREADS)]

    def busy(mine: int) -> None:
        for turn in range(6):
            if mine % 4 == 0:
                works.update(built["rate"], price=str(turn + mine))
            elif mine % 4 == 1:
                works.update(items[mine], order=(built["order"], second)[turn % 2])
            elif mine % 4 == 2:
                (works.delete, works.restore)[turn % 2](items[mine])
            else:
                works.update(items[mine], quantity=str(turn * mine))

    def patient(mine: int) -> None:

        while True:
            try:
                return busy(mine)
            except Conflict:
                continue

    works.together(*(lambda mine=mine: patient(mine) for mine in range(THREADS)))
    works.settle()
    check(works)


def test_a_writer_who_read_too_early_is_put_right(works: Any, built: dict[str, int]) -> None:
    """An item is planned by the old price and written after the new one was worked out everywhere."""
    with works.work() as session:
        works.records.update(session, works.forms, built["item"], {"quantity": "5"}, type(works).__dict__ and _system())
        works.together(lambda: works.update(built["rate"], price="7"))
    works.settle()
    check(works)
    assert works.stored()[built["order"]]["total"] == 35


def _system() -> Any:
    from form_engine.records.actor import SYSTEM

    return SYSTEM


def test_what_nobody_took_the_clock_takes(works: Any, built: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The process died between commit and recalculation."""
    monkeypatch.setattr("form_engine.recalculation.drain.drain", lambda *_: 0)
    works.update(built["rate"], price="50")
    monkeypatch.undo()
    assert works.marks() > 0
    drain.sweep(works.databases, works.forms.forms)
    assert works.marks() > 0, "not yet: whoever wrote it may be at it"
    with works.databases.owner.begin() as connection:
        connection.execute(text("UPDATE recalculation SET marked_at = marked_at - interval '10 seconds'"))
    drain.sweep(works.databases, works.forms.forms)
    check(works)


def test_much_becomes_a_job(works: Any, built: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "AT_ONCE", 5)
    monkeypatch.setattr(drain, "BATCH", 4)
    monkeypatch.setattr("form_engine.recalculation.drain.drain.__defaults__", (5,))
    for _ in range(12):
        works.create("item", order=built["order"], rate=built["rate"], quantity="1")
    works.update(built["rate"], price="2")
    with works.work() as session:
        (waiting,) = jobs.listing(session)
        assert (waiting.kind, waiting.state, waiting.created_by) == (drain.KIND, "queued", "system")
        assert waiting.total
    run_job(works, waiting.id, drain.job(works.forms.forms))
    check(works)
    with works.work() as session:
        row = jobs.find(session, waiting.id)
        assert row.state == "done"
        assert row.done >= 13


def run_job(works: Any, job_id: int, work: Any) -> None:
    from formloom.outbox import Relay, Runner

    from tests.platform.backends import Inline

    with works.work() as session:
        kind = jobs.find(session, job_id).kind
    runner = Runner(works.databases, {jobs.KIND: jobs.Jobs({kind: work})})
    while Relay(works.databases, Inline(runner)).run_once():
        pass


def test_nothing_is_marked_where_nothing_hangs_on_it(works: Any) -> None:
    """The hot path pays nothing: no mark, no statement, no key in what is sent."""
    works.publish({"note": _note()})
    with works.work() as session:
        routes = works.forms.forms(session).routes
        assert routes.stirs("note", {"words"}, new=False, there=True, moved=True) == ()
        assert routes.stirs("item", {"order"}, new=True, there=True, moved=True) == ("@self",)
        assert routes.stirs("rate", {"name"}, new=True, there=True, moved=True) == ()
        assert routes.stirs("rate", {"name"}, new=False, there=True, moved=False) == ("rate.name",)
        assert routes.stirs("order", (), new=False, there=True, moved=False, slots=False, parts=False) == ()
        assert routes.stirs_up("note") == ()


def _note() -> dict[str, Any]:
    from_here = {"key": "words", "type": "text", "label": "Words", "index": True}
    return {"kind": "form", "key": "note", "title": {"en": "Note"}, "display": "words", "fields": [from_here]}


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        (
            "project",
            {"key": "due", "type": "formula", "value": "budget * DAY(TODAY())", "index": True},
            "not_indexable",
        ),
        (
            "project",
            {"key": "x", "type": "rollup", "from": "order", "via": "project", "fn": "sum", "of": "DAY(TODAY())"},
            "rollup_reads_elsewhere",
        ),
        # A circle through three forms: a rate whose price hangs on the project that its items are for.
        (
            "rate",
            {
                "key": "loop",
                "type": "rollup",
                "from": "item",
                "via": "rate",
                "fn": "sum",
                "of": "target.order.project.back",
            },
            "x",
        ),
    ],
)
def test_publish_refuses_what_nobody_could_keep(works: Any, form: str, field: dict[str, Any], code: str) -> None:
    body = {**works.bodies[form], "fields": [*works.bodies[form]["fields"], {"label": {"en": "X"}, **field}]}
    bodies = {form: body}
    if code == "x":
        code = "formula_cycle"
        project = works.bodies["project"]
        back = {"key": "back", "type": "rollup", "label": "Back", "from": "order", "via": "project", "fn": "max"}
        order = works.bodies["order"]
        worst = {"key": "worst", "type": "rollup", "label": "Worst", "from": "item", "via": "order", "fn": "max"}
        bodies |= {
            "project": {**project, "fields": [*project["fields"], {**back, "of": "target.worst"}]},
            "order": {**order, "fields": [*order["fields"], {**worst, "of": "target.rate.loop"}]},
        }
    with pytest.raises(InvalidDefinition) as caught:
        works.publish(bodies)
    found = [issue for issue in caught.value.issues if issue.code == code]
    assert found, caught.value.issues
    if code == "formula_cycle":
        cycle = found[0].params["cycle"]
        assert isinstance(cycle, list | tuple)
        assert {"rate.loop", "project.back", "order.worst"} <= set(cycle)


OPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "price", "quantity", "move", "order", "project", "rate", "remove"]),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(OPS)
def test_any_changes_leave_what_reckoning_from_scratch_gives(works: Any, ops: list[tuple[str, int, int]]) -> None:
    def some(form: str, at: int) -> int:
        with works.work() as session:
            found = list(session.scalars(text("SELECT id FROM record WHERE form = :f ORDER BY id"), {"f": form}))
        return int(found[at % len(found)] if found else works.create(form))

    def live(form: str, at: int) -> int | None:
        with works.work() as session:
            sql = text("SELECT id FROM record WHERE form = :f AND deleted_at IS NULL ORDER BY id")
            found = list(session.scalars(sql, {"f": form}))
        return found[at % len(found)] if found else None

    for op, one, two in ops:
        record, other = live("item", one), live("order", two)
        match op:
            case "create":
                works.create("item", order=other, rate=live("rate", one), quantity=str(two - 20))
            case "price":
                if rate := live("rate", one):
                    works.update(rate, price=str(two), name=f"n{two}")
                else:
                    works.create("rate", name="new", price=str(two))
            case "quantity" if record:
                works.update(record, quantity=str(two - 10))
            case "move" if record:
                works.update(record, order=other)
            case "order":
                works.create("order", project=live("project", one))
            case "project":
                if other:
                    works.update(other, project=live("project", one))
                works.create("project", budget=str(two))
            case "rate" if record:
                works.update(record, rate=live("rate", two))
            case "remove":
                chosen = some(("item", "order", "rate", "project")[one % 4], two)
                with works.work() as session:
                    gone = session.execute(
                        text("SELECT deleted_at IS NOT NULL FROM record WHERE id = :id"), {"id": chosen}
                    ).scalar_one()
                (works.restore if gone else works.delete)(chosen)
    works.settle()
    check(works)


@pytest.mark.parametrize("as_job", [False, True])
def test_a_record_that_cannot_be_worked_out_holds_up_nobody(
    works: Any, monkeypatch: pytest.MonkeyPatch, as_job: bool
) -> None:
    rate = works.create("rate", name="sand", price="10")
    orders = [works.create("order") for _ in range(4)]
    items = [works.create("item", order=order, rate=rate, quantity="1") for order in orders]
    whole = bring_up_to_date

    def breaks(session: Any, forms: Any, ids: Any, **how: Any) -> bool:
        if items[1] in ids:
            raise LookupError
        return whole(session, forms, ids, **how)

    monkeypatch.setattr(drain, "bring_up_to_date", breaks)
    if as_job:
        monkeypatch.setattr(drain, "FEW", 0)
    works.update(rate, price="20")
    if as_job:
        work = jobs.Jobs({drain.KIND: drain.job(works.forms.forms)})
        relay = Relay(works.databases, Inline(Runner(works.databases, {jobs.KIND: work})))
        while relay.run_once():
            pass
    assert [works.stored()[order]["total"] for order in orders] == [20, 10, 20, 20]
    assert works.marks() == 1
    monkeypatch.setattr(drain, "bring_up_to_date", whole)
    works.settle()
    assert works.marks() == 1, "it was put aside for a while"
    with works.work() as session:
        session.execute(text("UPDATE recalculation SET available_at = now()"))
    works.settle()
    assert works.stored()[orders[1]]["total"] == 20
    assert works.marks() == 0


def test_a_workspace_that_fails_holds_up_no_other(works: Any, world: Any, databases: Any) -> None:
    other = world.Works(databases, create_workspace(databases, "other", "Other"))
    for each in (works, other):
        order = each.create("order")
        each.create("item", order=order, rate=each.create("rate", price="10"), quantity="1")
        with each.work() as session:
            session.execute(
                text(
                    "INSERT INTO recalculation (workspace_id, record_id, cause, marked_at)"
                    " VALUES (:ws, :id, '@self', now() - interval '1 minute')"
                ),
                {"ws": each.workspace, "id": order},
            )

    def forms_of(session: Any) -> Any:
        if workspace_of(session) == min(works.workspace, other.workspace):
            raise LookupError
        return (works if workspace_of(session) == works.workspace else other).forms.forms(session)

    drain.sweep(databases, forms_of)
    assert sorted(each.marks() for each in (works, other)) == [0, 1]
