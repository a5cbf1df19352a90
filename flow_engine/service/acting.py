"""Who shall act, now: the best of several with the reason, and proxies of those who are away."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from formloom.people.absences import proxies

from flow_engine.elements.who import Best
from flow_engine.machine import AskPeople, RunState
from flow_engine.machine.found import Found
from flow_engine.service.candidates import ranked
from flow_engine.service.people import person_of

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def to_act(stage: "Stage", ask: AskPeople, state: RunState) -> tuple[Found, ...]:
    """Everybody whom the question means, each once, in order."""
    found = {one.ref: one for one in reversed(tuple(_found(stage, ask, state)))}
    return tuple(_present(stage, tuple(reversed(found.values()))))


def _found(stage: "Stage", ask: AskPeople, state: RunState) -> Iterator[Found]:
    for number, who in enumerate(ask.who):
        if isinstance(who, Best):
            yield from ranked(stage, who, number, ask, state)
        else:
            yield from (Found(ref) for ref in stage.people.find_to_ask((who,), state))


def _present(stage: "Stage", found: tuple[Found, ...]) -> Iterator[Found]:
    """Proxies of those who are away; whoever is asked anyway needs no second place."""
    away = _proxies(stage, found)
    asked = {one.ref for one in found}
    for one in found:
        person = person_of(one.ref)
        proxy, as_well = away.get(person, (None, False)) if person is not None else (None, False)
        if proxy is None:
            yield one
            continue
        ref = f"person:{proxy}"
        if as_well:
            yield one
        if ref not in asked:
            asked.add(ref)
            yield Found(ref, one.ref, as_well)


def _proxies(stage: "Stage", found: Iterable[Found]) -> dict[int, tuple[int, bool]]:
    """Of candidates those who are away have been left out already."""
    people = {person for one in found if one.pick is None and (person := person_of(one.ref)) is not None}
    people = stage.people.perhaps_absent(people)
    if not people:
        return {}
    return dict(proxies(stage.people.session(), people, stage.flow.key, stage.now))
