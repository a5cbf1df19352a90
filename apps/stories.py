"""What the demo's people have done so far, told through the same services that a page calls: no row is made up.

A story is a record that somebody hands in and what others then decide, each at its own time of the workspace's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from formloom import clock
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidDefinition
from formloom.files import FileStore
from formloom.people import roles_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from apps.json_file import read_json
from apps.names import Known, resolve
from apps.schemas import check_shape
from apps.slips import Slip, draw_slip
from flow_engine.models import Task
from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.records.actor import Actor
from form_engine.records.service import Records

GUEST = "guest"

CODES = ("story_task_missing",)


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody (a handle, or `guest`) decides the task that the story's record has for them."""

    who: str
    at: datetime
    decision: str
    comment: str | None = None
    reason: str | None = None
    changes: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A record, who hands it in and when, and what happens then."""

    form: str
    who: str
    at: datetime
    values: Mapping[str, Any]
    then: tuple[Act, ...]

    @property
    def last(self) -> datetime:
        """When the last of it happens."""
        return max((self.at, *(act.at for act in self.then)))


@dataclass(frozen=True, slots=True)
class Stories:
    """All of them in order, and the moment at which the demo begins."""

    now: datetime
    told: tuple[Story, ...]


class Stage(Protocol):
    """The services that a story needs."""

    @property
    def databases(self) -> Databases: ...
    @property
    def files(self) -> FileStore: ...
    @property
    def forms(self) -> FormStore: ...
    @property
    def records(self) -> Records: ...
    @property
    def flows(self) -> Flows: ...


def read_stories(folder: Path, zone: ZoneInfo) -> Stories:
    """The stories of a bundle; their times are local. Raises InvalidDefinition that names the file."""
    shown = "sample/stories.json"
    raw: Any = read_json(folder / shown, shown)
    check_shape("stories", raw, shown)

    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=zone)

    def act(each: Mapping[str, Any]) -> Act:
        words = (each.get("comment"), each.get("reason"), each.get("changes"))
        return Act(each["as"], moment(each["at"]), each["do"], *words)

    told = tuple(
        Story(each["form"], each["as"], moment(each["at"]), each["values"], tuple(map(act, each.get("then", ()))))
        for each in raw["stories"]
    )
    return Stories(moment(raw["now"]), told)


def tell(stage: Stage, workspace: int, story: Story, known: Known) -> int:
    """Play one story and return the id of its record. Every act is a transaction of its own, as it was."""
    _travel(stage, workspace, story.at)
    with unit_of_work(stage.databases, workspace) as session:
        who = _person(session, known, story.who)
        drawn = {key: _drawn(session, stage.files, value, who) for key, value in story.values.items()}
        values = resolve(drawn, stage.forms.live(session, story.form).definition.by_key, known)
        record = stage.records.create(session, stage.forms, story.form, values, who).id
    for act in story.then:
        _travel(stage, workspace, act.at)
        _play(stage, workspace, story.form, record, act, known)
    return record


def _play(stage: Stage, workspace: int, form: str, record: int, act: Act, known: Known) -> None:
    with unit_of_work(stage.databases, workspace) as session:
        person = None if act.who == GUEST else known.people[act.who]
        task = _open_task(session, record, person)
        actor = Actor.guest(task.guest_link_id) if task.guest_link_id else _person(session, known, act.who)
        fields = stage.forms.live(session, form).definition.by_key
        changes = resolve(act.changes, fields, known) if act.changes else None
    stage.flows.decide(workspace, task.id, actor, act.decision, comment=act.comment, reason=act.reason, changes=changes)


def _open_task(session: Session, record: int, person: int | None) -> Task:
    mine = Task.guest_link_id.is_not(None) if person is None else Task.person_id == person
    open_ones = select(Task).where(Task.record_id == record, Task.status == "open", mine).order_by(Task.id)
    task = session.scalars(open_ones).first()
    if task is None:
        raise InvalidDefinition("story_task_missing", {"record": record, "person": person})
    return task


def _person(session: Session, known: Known, handle: str) -> Actor:
    person = known.people[handle]
    return Actor.person(person, roles_of(session, person))


def _drawn(session: Session, files: FileStore, value: Any, who: Actor) -> Any:
    """A value that asks for a picture becomes a stored one."""
    if not isinstance(value, dict) or "draw" not in value:
        return value
    slip = Slip(**value["draw"])
    stored = files.store(session, BytesIO(draw_slip(slip)), f"slip-{slip.serial}.jpg", who.ref)
    return [str(stored.id)]


def _travel(stage: Stage, workspace: int, to: datetime) -> None:
    with unit_of_work(stage.databases, workspace) as session:
        clock.travel(session, to)
