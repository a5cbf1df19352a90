"""What steps write beside the run's own record: made, changed and removed records; one batch a step (ADR 073)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from formloom import jobs
from formloom.errors import Conflict
from sqlalchemy import update as update_rows

from flow_engine.definition.compile import scope_with
from flow_engine.elements.value import Assignment
from flow_engine.machine import RunState
from flow_engine.machine.effects import Act, ActLater, Item
from flow_engine.service import live, searching
from flow_engine.service.plays.series import make_series
from flow_engine.service.plays.writing import write_own
from flow_engine.service.values import values_of
from flow_engine.steps.acting import MOST_AT_ONCE, OthersStep
from flow_engine.steps.create import Create
from flow_engine.steps.delete import Delete
from flow_engine.steps.each import Each
from flow_engine.steps.series import Series
from flow_engine.steps.update import Update
from form_engine.formula import ErrorValue, LinkRef, RecordValue, Value
from form_engine.models import Record
from form_engine.records import removal
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.plan import plan_create, plan_update
from form_engine.records.references import check_references
from form_engine.records.write import RecordWrite
from form_engine.records.writer import Writer

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("too_many_records", "record_gone", "record_in_run", "formula_failed")
EACH_JOB = "flow.each"


def act(stage: "Stage", effect: Act, state: RunState) -> None:
    """The step's writes: for its own place, or for each item of the step around it."""
    items = tuple((effect.each, item) for item in effect.items) if effect.each else (effect.item,)
    do(stage, effect.step, items)


def do(stage: "Stage", key: str, items: tuple[Item, ...]) -> None:
    """The same, for whoever has the items."""
    live.writing(stage)
    match stage.flow.definition.step(key):
        case Create() as step:
            _create(stage, step, items)
        case Update() as step if step.own:
            for item in items:
                stage.item = item
                write_own(stage, values_of(stage, stage.form.by_path.get, step.set, stage.scope, stage.env()))
        case Update() as others:
            live.write(stage, lambda: _changes(stage, others, items))
        case Delete() as step:
            _delete(stage, step, items)
        case Series() as step:
            for item in items:
                stage.item = item
                make_series(stage, step)


def act_later(stage: "Stage", effect: ActLater, state: RunState) -> None:
    """A job goes through the items, and resumes the visit at its end."""
    within = live.writing(stage).session
    step = stage.flow.definition.step(effect.step)
    search = step.search if isinstance(step, Each) else None
    if search is None:
        raise Conflict("too_many_records", {"most": MOST_AT_ONCE})
    total, highest = searching.counted(stage, search)
    run = stage.script.run["id"]
    # It tells the run how it ended, so nobody may end it unheard.
    at = {"run": run, "visit": effect.visit, "step": effect.step, "item": effect.item}
    payload = {"hears": True, **at, "up_to": highest}
    title = step.title if isinstance(step.title, str) else next(iter(step.title.values()))
    key = f"{run}:{effect.visit}"
    jobs.start(within, EACH_JOB, payload, by=stage.script.actor, title=title, total=total, key=key)


def _create(stage: "Stage", step: Create, items: tuple[Item, ...]) -> None:
    form, session = stage.forms[step.form], stage.people.session()

    def plan() -> Iterator[RecordWrite]:
        for item in items:
            stage.item = item
            values = values_of(stage, form.by_path.get, step.set, stage.scope, stage.env())
            write = plan_create(stage.forms, form, values, stage.facts, writable=None, draft=step.draft, born=True)
            check_references(session, stage.forms, form, write, {}, live.actor(stage))
            yield write

    made = [done.id for done in live.write(stage, plan)]
    if step.into is not None:
        _keep(stage, step.into, tuple(zip(items, made, strict=True)))


def _keep(stage: "Stage", into: str, made: tuple[tuple[Item, int], ...]) -> None:
    """In a link the last one stays; a list of links gets them all; a column of a table each in its row."""
    table, dot, column = into.rpartition(".")
    if dot:
        by_row = {item[1]: record for item, record in made if item is not None}
        rows = stage.record.data.get(table)
        kept = [
            {**row, column: by_row.get(str(row["id"]), row.get(column))}
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict)
        ]
        write_own(stage, {table: kept})
        return
    ids = [record for _, record in made]
    if not ids:
        return
    before = stage.record.data.get(into)
    several = stage.form.by_path[into].type.is_list
    write_own(stage, {into: [*(before if isinstance(before, list) else []), *ids] if several else ids[-1]})


def _changes(stage: "Stage", step: Update, items: tuple[Item, ...]) -> Iterator[RecordWrite]:
    """What the step makes of each of its records; one that several items mean is changed once for each."""
    wanted = [(item, form, record) for item in items for form, record in _meant(stage, step, item)]
    facts = live.facts_for(stage, sorted({_record(stage, record) for _, _, record in wanted}))
    current: dict[int, Fact] = {
        fact.id: fact for fact in facts.load(sorted({_record(stage, each[2]) for each in wanted}))
    }
    facts.add(current.values())
    facts.totals_read |= stage.facts.totals_read
    for item, form, record in wanted:
        stage.item = item
        fact = current.get(_record(stage, record))
        if fact is None or fact.deleted or (fact.form != form.partition(".")[0]):
            raise Conflict("record_gone", {"form": form, "id": _record(stage, record)})
        if not _takes(stage, step, fact):
            continue
        scope = scope_with(stage.scope, form)
        write = _change(stage, step.set, scope, fact, record, facts)
        current[fact.id] = replace(fact, data=write.data, version=fact.version + 1, title=write.title)
        yield write


def _change(
    stage: "Stage",
    assignments: tuple[Assignment, ...],
    scope: str,
    fact: Fact,
    record: int | RecordValue,
    facts: Facts,
) -> RecordWrite:
    """`record` is a row where one of the run's own rows is meant."""
    form = stage.form if fact.id == stage.record.id else stage.forms[fact.form]
    target = record if isinstance(record, RecordValue) else record_value(stage.facts, fact)
    env = replace(stage.env(), target=target)
    if isinstance(record, RecordValue):
        table = form.by_path[record.form.partition(".")[2]]
        values = values_of(stage, table.by_key.get, assignments, scope, env)
        rows = fact.data.get(table.key)
        told = rows if isinstance(rows, list) else []
        changed = {table.key: [{**row, **values} if row["id"] == record.id else row for row in told]}  # type: ignore[call-overload,index,dict-item]
    else:
        changed = values_of(stage, form.by_path.get, assignments, scope, env)
    write = plan_update(stage.forms, form, fact, changed, facts, writable=None, partial=True)
    check_references(stage.people.session(), stage.forms, form, write, fact.data, live.actor(stage))
    return write


def _delete(stage: "Stage", step: Delete, items: tuple[Item, ...]) -> None:
    """One after another in the order of ids, each with what its links say. What has gone already has gone."""
    within, writer = live.writing(stage), Writer()
    if step.own:
        mine = (Record.workspace_id == stage.script.workspace, Record.id == stage.record.id)
        # The run ends with it, so it holds nothing any more.
        within.session.execute(
            update_rows(Record).where(*mine).values(run_id=None), execution_options={"synchronize_session": False}
        )
        ids = {stage.record.id}
    else:
        ids = {_record(stage, record) for item in items for _, record in _meant(stage, step, item)}
    for record in sorted(ids):
        fact = live.loaded(stage, record, live.facts_for(stage))
        if fact.deleted or not (step.own or _takes(stage, step, fact)):
            continue
        gone = removal.remove(
            writer, within.session, within.store, record, live.actor(stage), force=step.force, via=live.via(stage)
        )
        within.written += [record, *gone.along, *gone.cleared]
    live.refresh(stage)


def _takes(stage: "Stage", step: OthersStep, fact: Fact) -> bool:
    """Whether a record is written that another run may hold."""
    if fact.run_id in (None, stage.script.run["id"]) or step.held == "write":
        return True
    if step.held == "refuse":
        raise Conflict("record_in_run", {"id": fact.id, "run": fact.run_id})
    return False


def _meant(stage: "Stage", step: OthersStep, item: Item) -> Iterator[tuple[str, int | RecordValue]]:
    """The records that the step means at an item: each with its form (`form.table` for a row of the run's own). A blank
    link means none."""
    stage.item = item
    if step.where is not None:
        found = searching.ids_of(stage, step.where, MOST_AT_ONCE + 1)
        if len(found) > MOST_AT_ONCE:
            raise Conflict("too_many_records", {"most": MOST_AT_ONCE})
        yield from ((step.where.form, record) for record in found)
    elif step.record is not None:
        yield from _named(stage, stage.evaluate(step.record.text))


def _named(stage: "Stage", value: Value) -> Iterator[tuple[str, int | RecordValue]]:
    several: Iterable[Value] = value if isinstance(value, tuple) else (value,)
    for each in several:
        if isinstance(each, ErrorValue):
            raise Conflict("formula_failed", {"error": each.code})
        if isinstance(each, RecordValue) and "." in each.form:
            yield each.form, each
        elif isinstance(each, LinkRef | RecordValue) and isinstance(each.id, int):
            yield each.form, each.id


def _record(stage: "Stage", record: int | RecordValue) -> int:
    return record if isinstance(record, int) else stage.record.id


PLAYS: Mapping[type, Callable[..., None]] = {Act: act, ActLater: act_later}
