"""What the flow writes to its own record, as itself."""

from typing import TYPE_CHECKING, Any

from flow_engine.machine import RunState
from flow_engine.machine.effects import SetFields, SetPeople
from flow_engine.service import live
from flow_engine.service.people import person_of
from flow_engine.service.values import values_of
from form_engine.records.plan import plan_update
from form_engine.records.write import RecordWrite

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def set_fields(stage: "Stage", effect: SetFields, state: RunState) -> None:
    """The fields that an outcome or a step sets."""
    write_own(stage, values_of(stage, stage.form.by_path.get, effect.assignments, stage.scope, stage.env()))


def set_people(stage: "Stage", effect: SetPeople, state: RunState) -> None:
    """Those who were found; a field of one person gets the first."""
    people = [person for ref in effect.refs if (person := person_of(ref)) is not None]
    several = stage.form.by_path[effect.field].type.is_list
    write_own(stage, {effect.field: (people or None) if several else next(iter(people), None)})


def write_own(stage: "Stage", values: dict[str, Any]) -> None:
    """Write to the run's record, and judge only the rules that hang on what changes."""

    def plan() -> RecordWrite:
        return plan_update(stage.forms, stage.form, stage.record, values, stage.judging, writable=None, partial=True)

    stage.write(plan, live.actor(stage))


PLAYS: dict[type, Any] = {SetFields: set_fields, SetPeople: set_people}
