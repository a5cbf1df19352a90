"""What the shell answers to the machine's questions: one function a kind of question."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from flow_engine.machine import Ask, AskMoment, AskPeople, AskRecords, AskRows, AskTruth, RunState
from flow_engine.machine.effects import AskFound
from flow_engine.service import searching
from flow_engine.service.acting import to_act
from form_engine.formula import ErrorValue, LinkRef, RecordValue, Value

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

Answer = Callable[["Stage", Any, RunState], Any]


def people(stage: "Stage", ask: AskPeople, state: RunState) -> list[Any]:
    """The refs of everybody whom this means now; of those who shall act, with what there is to say about it."""
    if ask.to_act:
        return [one.to_json() for one in to_act(stage, ask, state)]
    return list(stage.people.find_to_ask(ask.who, state))


def truth(stage: "Stage", ask: AskTruth, state: RunState) -> Any:
    """Whether the condition holds; a blank does not."""
    found = stage.evaluate(ask.formula)
    return {"error": found.code} if isinstance(found, ErrorValue) else found is True


def moment(stage: "Stage", ask: AskMoment, state: RunState) -> Any:
    """An instant in UTC; a date means its beginning in the workspace's time zone."""
    found = stage.evaluate(ask.formula)
    return {"error": found.code} if isinstance(found, ErrorValue) else _instant(stage, found)


def rows(stage: "Stage", ask: AskRows, state: RunState) -> list[str]:
    """The ids of a table's rows, in order."""
    found = stage.record.data.get(ask.table)
    return [str(row["id"]) for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def records(stage: "Stage", ask: AskRecords, state: RunState) -> Any:
    """The ids of the records that are named, each once, in order."""
    found = stage.evaluate(ask.formula)
    if isinstance(found, ErrorValue):
        return {"error": found.code}
    several = found if isinstance(found, tuple) else (found,)
    return list(dict.fromkeys(each.id for each in several if isinstance(each, LinkRef | RecordValue) and each.id))


def items(stage: "Stage", ask: AskFound, state: RunState) -> Any:
    """The ids of the first records that are found, and one more; or of the rows of a table for which `where` holds."""
    if ask.search is not None:
        return [str(record) for record in searching.ids_of(stage, ask.search, ask.most + 1)]
    found: list[str] = []
    several = stage.value.values.get(ask.table)
    for row in several if isinstance(several, tuple) else ():
        holds: Value = True
        if ask.where is not None and isinstance(row, RecordValue):
            env = replace(stage.env(), row=row)
            holds = stage.flow.evaluate(ask.where.text, env, ask.table)
        if isinstance(holds, ErrorValue):
            return {"error": holds.code}
        if holds is True and isinstance(row, RecordValue):
            found.append(str(row.id))
    return found


def _instant(stage: "Stage", found: Value) -> str | None:
    if isinstance(found, datetime):
        return found.astimezone(UTC).isoformat()
    if isinstance(found, date):
        return datetime.combine(found, time(), stage.facts.context.zone).astimezone(UTC).isoformat()
    return None


ANSWERS: Mapping[type[Ask], Answer] = {
    AskPeople: people,
    AskTruth: truth,
    AskMoment: moment,
    AskRows: rows,
    AskRecords: records,
    AskFound: items,
}
