"""The demo: a workspace with the leasing preset, its case data, and people in the middle of their day.

Preparing it twice changes nothing; a start that was interrupted goes on where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from formloom import clock, jobs, timers
from formloom.access import Access
from formloom.db.uow import unit_of_work, workspace_of
from formloom.models import OutboxItem, Workspace
from formloom.outbox import Runner
from formloom.workspaces import create_workspace, find_workspace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from apps import bundle, install, samples, stories
from apps.names import Known
from apps.people import Organisation, create_organisation, ids_by_handle, read_organisation
from apps.stores import Stores
from flow_engine.service.plays.papers import DOCUMENT
from form_engine.fields.base import Json
from form_engine.records import late
from form_engine.records.actor import SYSTEM

FOLDER: Final = Path(__file__).parent / "leasing_templates"
WORKSPACE: Final = "main"
FIRM: Final = "示例自助仓"
ZONE: Final = ZoneInfo("Asia/Shanghai")
DEMO_PASSWORD: Final = "formloom-demo"  # noqa: S105  printed at start; the demo listens on the loopback address

_PROGRESS: Final = "demo"
WORKED_OFF: Final = (DOCUMENT, late.KIND, jobs.KIND)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A log-in of the demo. `role` is the key, `title` what it is called per locale."""

    login: str
    name: str
    role: str
    title: Mapping[str, str]
    password: str = DEMO_PASSWORD


class Services(stories.Stage, Protocol):
    """What the composition hands in."""

    @property
    def access(self) -> Access: ...
    @property
    def stores(self) -> Stores: ...
    @property
    def runner(self) -> Runner: ...
    @property
    def timer_handlers(self) -> Mapping[str, timers.Handler]: ...


@cache
def demo_people() -> tuple[DemoPerson, ...]:
    """Who may log in, in the order in which one meets them: the agent first, as the money does."""
    titles = {key: role["title"] for key, role in bundle.read(FOLDER).of_kind("role").items()}
    people = read_organisation(FOLDER).people
    return tuple(DemoPerson(each.login, each.name, each.roles[0], titles[each.roles[0]]) for each in people)


def prepare_demo(services: Services) -> tuple[DemoPerson, ...]:
    """Bring the demo's workspace to where its day begins, and return the log-ins. The database must be migrated."""
    workspace = find_workspace(services.databases, WORKSPACE)
    if workspace is None:
        workspace = create_workspace(services.databases, WORKSPACE, FIRM, time_zone=ZONE.key)
    story = stories.read_stories(FOLDER, ZONE)
    with unit_of_work(services.databases, workspace) as session:
        told = _progress(session)
        if told is None:
            clock.travel(session, story.told[0].at - timedelta(hours=1))
    if told is None:
        with unit_of_work(services.databases, workspace) as session:
            _fill(session, services)
            _mark(session, 0)
        told = 0
    if told < len(story.told):
        _tell(services, workspace, story, told)
    return demo_people()


def _fill(session: Session, services: Services) -> None:
    """The preset, the people, the case data: in one transaction, so that a half-filled demo cannot be."""
    organisation = read_organisation(FOLDER)
    install.install(session, services.stores, bundle.read(FOLDER), SYSTEM)
    people = create_organisation(session, organisation)
    for person in people.values():
        services.access.set_password(session, person, DEMO_PASSWORD)

    def write(form: str, rows: Any) -> list[int]:
        return services.records.import_rows(session, services.forms, form, rows, SYSTEM, via="sample:demo")

    forms = {key: form.definition for key, form in services.forms.forms(session).items()}
    samples.load(samples.read_samples(FOLDER), forms, Known(people), write)


def _tell(services: Services, workspace: int, story: stories.Stories, told: int) -> None:
    """What clocks do has been done by the evening before; what is due on the demo's own morning comes as it opens."""
    with unit_of_work(services.databases, workspace) as session:
        known = _known(session, read_organisation(FOLDER))
    for number, each in enumerate(story.told[told:], start=told + 1):
        before = story.told[: number - 1]
        if before and before[-1].at.date() < each.at.date() == story.now.date():
            live(services, workspace, max(earlier.last for earlier in before))
        with unit_of_work(services.databases, workspace) as session:
            _mark(session, number)  # before it is told: an interrupted story stays as far as it got, none is told twice
        stories.tell(services, workspace, each, known)
        _work_off(services, workspace)
    with unit_of_work(services.databases, workspace) as session:
        clock.travel(session, story.now)


def live(services: Services, workspace: int, until: datetime) -> None:
    """Time passes until then, and clocks and workers do what is to be done, as in a server that runs."""
    with unit_of_work(services.databases, workspace) as session:
        clock.travel(session, until)
    clocks = timers.Clock(services.databases, services.timer_handlers)
    _work_off(services, workspace)
    while clocks.tick():
        _work_off(services, workspace)


def _work_off(services: Services, workspace: int) -> None:
    """What is left to be done outside (a document, what follows from a write) is done at its own time, before the next
    story is told. Messages leave when the server runs.
    """
    waiting = (
        select(OutboxItem.id)
        .where(
            OutboxItem.workspace_id == workspace,
            OutboxItem.kind.in_(WORKED_OFF),
            OutboxItem.done_at.is_(None),
            OutboxItem.available_at <= func.now(),
        )
        .order_by(OutboxItem.id)
    )
    while True:
        with unit_of_work(services.databases, workspace) as session:
            items = session.scalars(waiting).all()
        if not items:
            return
        for item in items:
            services.runner.run(workspace, item)


def _known(session: Session, organisation: Organisation) -> Known:
    known = Known(ids_by_handle(session, organisation))
    for sample in samples.read_samples(FOLDER):
        known.learn(session, sample.form, sample.key)
    return known


def _progress(session: Session) -> int | None:
    """How many stories were told; None before the workspace was filled."""
    told: int | None = session.get_one(Workspace, workspace_of(session)).settings.get(_PROGRESS)
    return told


def _mark(session: Session, told: int) -> None:
    workspace = session.get_one(Workspace, workspace_of(session))
    settings: dict[str, Json] = {**workspace.settings, _PROGRESS: told}
    workspace.settings = settings
    session.flush()
