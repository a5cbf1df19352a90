"""Records that are made for a run: from constants and formulas, and from what another system sent."""

from collections.abc import Sequence
from typing import Any

from formloom.clock import time_zone
from formloom.errors import InvalidInput, Issue
from sqlalchemy.orm import Session

from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.triggers.sources import NOTHING, Mapped, Pointer
from form_engine.definition import CompiledForm
from form_engine.fields.answers import CoerceHints, Refused
from form_engine.formula import Env, ErrorValue, RecordValue
from form_engine.formula.env import NO_VALUES
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.service import Records


class _Unfit(Exception):  # noqa: N818  the condition does not hold: what was made is taken back
    pass


def make(
    session: Session,
    catalogue: Catalogue,
    records: Records,
    pinned: Pinned,
    mapping: Sequence[Assignment | Mapped],
    payload: Any = None,
) -> int | None:
    """The new record's id; None where the flow's condition does not hold for it: then there is none.

    Raises InvalidInput with a pointer to each field that cannot be filled.
    """
    flow, form = pinned
    values = values_of(session, pinned, mapping, payload)
    try:
        with session.begin_nested():
            made = records.create(session, catalogue.forms, form.key, values, Actor.flow(flow.key))
            if not holds(session, catalogue, pinned, made):
                raise _Unfit
    except _Unfit:
        return None
    return made.id


def values_of(
    session: Session,
    pinned: Pinned,
    mapping: Sequence[Assignment | Mapped],
    payload: Any,
    own: RecordValue | None = None,
) -> dict[str, Any]:
    """By field, as input of a write. What a pointer does not find is left out. Raises InvalidInput."""
    flow, form = pinned
    env = Env(own=own or RecordValue(form.key, None, NO_VALUES), context=context_for(session, SYSTEM))
    hints = CoerceHints(zone=time_zone(session))
    values: dict[str, Any] = {}
    issues: list[Issue] = []
    for one in mapping:
        match one.value:
            case Literal(value):
                values[one.field] = value
            case Formula(text):
                found = flow.evaluate(text, env)
                config = form.by_path[one.field].definition
                if isinstance(found, ErrorValue):
                    issues.append(Issue(f"/{one.field}", "set_failed", {"error": found.code}))
                else:
                    values[one.field] = None if found is None else config.type.to_json(found, config.config)
            case Pointer():
                given = one.value.of(payload)
                if given is not NOTHING:
                    cleaned = coerced(form, one.field, given, hints)
                    if isinstance(cleaned, Refused):
                        issues += [
                            Issue(f"/{one.field}{each.pointer}", each.code, each.params) for each in cleaned.issues
                        ]
                    else:
                        values[one.field] = cleaned
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    return values


def coerced(form: CompiledForm, name: str, given: Any, hints: CoerceHints) -> Any:
    """What another system says, as the field takes it: by the coercer that cells of sheets go through.

    What is canonical already, or names something by its id, is left as it is.
    """
    field = form.by_path[name]
    if (
        given is None
        or isinstance(given, dict)
        or (isinstance(given, int) and field.definition.type.refers is not None)
    ):
        return given
    if not isinstance(field.clean(given), Refused):
        return given
    if isinstance(given, list):
        return given
    found = field.definition.type.coercer(field.definition.config, hints)(given)
    return found if isinstance(found, Refused) else found.value


def holds(session: Session, catalogue: Catalogue, pinned: Pinned, record: Fact) -> bool:
    """Whether the flow's condition holds for a record; an error is no."""
    when = pinned[0].definition.trigger.when
    if when is None:
        return True
    facts = facts_of(session, catalogue.forms.forms(session), context_for(session, SYSTEM))
    return pinned[0].evaluate(when.text, Env(own=record_value(facts, record), context=facts.context)) is True
