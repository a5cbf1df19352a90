"""The step `document`: made outside of the step, attached by the flow, once; what goes wrong stops the run openly."""

from collections.abc import Mapping
from typing import Any

import pytest
from formloom.errors import ExternalFailure, InvalidDefinition
from formloom.files import FileStore, FolderFiles
from formloom.outbox import Relay, Runner
from sqlalchemy import text

from flow_engine.machine import Resumed
from flow_engine.machine.effects import MakeDocument, SetFields
from flow_engine.service import handlers
from flow_engine.service.papers import Papers
from form_engine.documents.service import Documents
from form_engine.documents.store import DocumentStore
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World
from tests.flow_engine.flows import Shell, approve, flow_of
from tests.flow_engine.jobs import Jobs, ask, form, jobs_in
from tests.platform.backends import Inline

STEP = {"key": "paper", "type": "document", "template": "slip", "attach_to": "papers"}


def made(shell: Shell) -> list[MakeDocument]:
    return [effect for effect in shell.effects if isinstance(effect, MakeDocument)]


def come(shell: Shell, *files: str) -> None:
    """What the step waits for is there."""
    shell.tell(Resumed(shell.visit("paper").id, {"step": "paper", "file": files[-1], "files": list(files)}))


ROLES = {role: [f"person:{number}"] for number, role in enumerate(("a", "b", "c", "d", "admin"), 2)}


def test_the_walk_waits_for_the_file_and_writes_it() -> None:
    run = Shell(flow_of(STEP, approve("after", "a")), ROLES).start()
    assert run.at() == ["paper"]
    assert [effect.step for effect in made(run)] == ["paper"]
    come(run, "old", "new")
    assert run.at() == ["after"]
    written = [effect for effect in run.effects if isinstance(effect, SetFields)]
    assert [(one.step, one.assignments[0].field, one.assignments[0].value.value) for one in written] == [  # type: ignore[union-attr]
        ("paper", "papers", ["old", "new"])
    ]
    assert run.replayed() == run.state


def test_a_file_that_comes_late_means_nothing() -> None:
    run = Shell(flow_of(STEP, approve("after", "a")), ROLES).start()
    visit = run.visit("paper").id
    come(run, "new")
    before = run.state
    run.tell(Resumed(visit, {"step": "paper", "file": "x", "files": ["x"]}))
    assert run.state == before


def test_branches_wait_for_their_own() -> None:
    branches = [{"key": "one", "steps": [STEP]}, {"key": "two", "steps": [approve("x", "a")]}]
    run = Shell(
        flow_of({"key": "both", "type": "parallel", "branches": branches}, approve("after", "b")), ROLES
    ).start()
    assert set(run.at()) == {"paper", "x"}
    come(run, "f")
    assert run.at() == ["x"]


class Desk:
    """Jobs with papers, and documents about them."""

    def __init__(self, jobs: Jobs, folder: Any) -> None:
        self.jobs, world = jobs, jobs.world
        self.files = FileStore(FolderFiles(folder / "files"), 10_000_000, folder / "incoming")
        self.store = DocumentStore(world.forms)
        self.documents = Documents(world.forms, self.files, self.store, lambda *_: {})
        self.papers = Papers(world.flows, self.documents, self.files)
        other = {"key": "other", "type": "link", "form": "job", "label": "Other"}
        papers = {"key": "papers", "type": "file", "label": "Papers", "max": 2}
        with world.work() as session:
            world.forms.publish_together(session, {"job": form("job", other, papers)}, SYSTEM)
        self.publish("slip", when='priority <> "p4"')

    def publish(self, key: str, of: str = "job", **more: Any) -> None:
        blocks = [{"type": "paragraph", "text": {"en": "Slip of {name}", "zh-CN": "{name} 的单据"}}]
        raw = {"kind": "document", "key": key, "title": "Slip", "form": of, "blocks": blocks, **more}
        with self.jobs.world.work() as session:
            self.store.publish_together(session, {key: raw}, SYSTEM)

    def settle(self, *, attempts: int = 8) -> None:
        works = {**handlers(self.jobs.world.flows), **self.papers.handlers()}
        runner = Runner(self.jobs.world.databases, works, most_attempts=attempts, given_up=self.papers.given_up())
        relay = Relay(self.jobs.world.databases, Inline(runner))
        while relay.run_once():
            pass

    def record(self, job: int) -> Mapping[str, Any]:
        with self.jobs.world.work() as session:
            return self.jobs.world.records.get(session, self.jobs.world.forms, job, SYSTEM).data

    def refused(self, *steps: dict[str, Any]) -> list[tuple[str, str]]:
        with pytest.raises(InvalidDefinition) as caught:
            self.jobs.install(*steps)
        return list(dict.fromkeys((issue.pointer, issue.code) for issue in caught.value.issues))


@pytest.fixture
def desk(world: World, clock: Any, tmp_path: Any) -> Desk:
    return Desk(jobs_in(world, clock), tmp_path)


def test_a_document_is_made_and_attached_by_the_flow(desk: Desk) -> None:
    named = {**STEP, "key": "second", "name": '"Copy of " & name', "locale": "en"}
    desk.jobs.install(ask("before"), STEP, named, ask("after", "supervisor"))
    job = desk.jobs.new()
    desk.jobs.world.decide(job, "finance1")
    assert desk.jobs.at(job) == ["paper"]
    assert "papers" not in desk.record(job)
    desk.settle()
    assert desk.jobs.at(job) == ["after"]
    idents = desk.record(job)["papers"]
    with desk.jobs.world.work() as session:
        rows = [desk.files.open(session, ident) for ident in idents]
        for _, stream in rows:
            with stream:
                assert stream.read(5) == b"%PDF-"
        assert [row.name for row, _ in rows] == ["Slip.pdf", "Copy of J.pdf"]
        assert {row.created_by for row, _ in rows} == {"flow:job"}
        seen = desk.jobs.world.records.view(session, desk.jobs.world.forms, job, SYSTEM)
        changes = desk.jobs.world.records.history(session, seen)
        assert [each.actor for each in changes if "papers" in each.changes] == ["flow:job", "flow:job"]
    desk.jobs.world.verify()


def test_a_repeated_job_attaches_nothing_twice(desk: Desk) -> None:
    desk.jobs.install(STEP, ask("after"))
    job = desk.jobs.new()
    desk.settle()
    first = desk.record(job)["papers"]
    again = text("UPDATE outbox SET done_at = NULL, attempts = 0, lease = NULL WHERE kind = 'flow.document'")
    with desk.jobs.world.work() as session:
        session.execute(again)
    desk.settle()
    assert desk.record(job)["papers"] == first
    desk.jobs.world.verify()


def test_what_would_fail_again_is_an_incident_that_may_be_retried(desk: Desk) -> None:
    desk.jobs.install(STEP, ask("after"))
    job = desk.jobs.new(priority="p4")
    desk.settle()
    assert desk.jobs.at(job) == ["paper", "incident:paper"]
    desk.jobs.change(job, priority="p1")
    run = desk.jobs.run(job)
    (visit,) = (each["id"] for each in run["state"]["open"] if each["kind"] == "incident")
    with desk.jobs.world.work() as session:
        desk.jobs.world.flows.operate(session, run["id"], desk.jobs.world.actor("admin1"), "retry", visit=visit)
    desk.settle()
    assert len(desk.record(job)["papers"]) == 1
    desk.jobs.world.verify()


def test_a_full_field_is_an_incident_too(desk: Desk) -> None:
    more = [{**STEP, "key": f"paper{number}"} for number in range(3)]
    desk.jobs.install(*more, ask("after"))
    job = desk.jobs.new()
    desk.settle()
    assert desk.jobs.at(job) == ["paper2", "incident:paper2"]
    assert len(desk.record(job)["papers"]) == 2
    desk.jobs.world.verify()


def test_what_may_pass_is_tried_again_and_given_up_in_the_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> Any:
        raise ExternalFailure("file_storage_away")

    desk.jobs.install(STEP, ask("after"))
    job = desk.jobs.new()
    monkeypatch.setattr(desk.documents, "prepare", away)
    desk.settle(attempts=1)
    assert desk.jobs.at(job) == ["paper", "incident:paper"]


def test_templates_and_fields_must_fit(desk: Desk) -> None:
    desk.publish("of_part", of="part")
    assert desk.refused({**STEP, "template": "nothing"}) == [("/job/steps/0/template", "unknown_document")]
    assert desk.refused({**STEP, "template": "of_part"}) == [("/job/steps/0/template", "document_of_other_form")]
    assert desk.refused({**STEP, "attach_to": "name"}) == [("/job/steps/0/attach_to", "not_a_file_field")]
    assert desk.refused({**STEP, "attach_to": "nothing"}) == [("/job/steps/0/attach_to/nothing", "unknown_field")]
    assert desk.refused({**STEP, "name": "count"}) == [("/job/steps/0/name", "formula_gives")]
