"""Incidents, operations and figures with a database: nothing lost, replayable, once."""

from typing import Any

import pytest
from formloom.people import disable_person

from flow_engine.machine.effects import FinishTask
from flow_engine.service import handing
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.plays import PLAYS
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World
from tests.flow_engine.test_incidents_service import at, begin, broken, status

__all__ = ["broken"]


def test_a_task_that_cannot_be_moved_stays_and_a_sweep_makes_no_incident_of_it(
    broken: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, run = begin(broken)

    def fail(*_: Any) -> None:
        raise KeyError("broken")

    with broken.work() as session:
        disable_person(session, broken.people["finance1"].id)
    with monkeypatch.context() as patch:
        patch.setitem(PLAYS, FinishTask, fail)
        for _ in range(3):
            broken.flows.seating.sweep()
        assert (status(broken, run), at(broken, run)) == ("running", ["check/step"])
        with broken.work() as session:
            asked = handing.hand_over(session, Catalogue(broken.forms), broken.people["finance1"].id, SYSTEM)
        assert (asked.moved, asked.stuck, asked.kept) == ({}, 0, 1)
    broken.flows.seating.sweep()
    assert [task["person_id"] for task in broken.tasks(record)] == [broken.people["finance2"].id]
    broken.verify()
