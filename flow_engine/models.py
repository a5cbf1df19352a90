"""The tables of runs: what a flow is doing, whom it asks, and what happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

from formloom.db.base import Base, InWorkspace, Numbered
from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class Run(Numbered, Base):
    """A flow at work on a record, pinned to one version of the flow and of the form.

    `state` is the machine's; `version` counts its events. Pages keep room, so that a step touches no index.
    `started_by` is `submit`, `button`, or what else started it; one that `holds` its record lets nobody else edit it.
    `depth`: how many automations called each other to get here. `parent_visit` of `parent_run` may wait for its end;
    `cause` is the run whose write started this one.
    """

    __tablename__ = "run"
    __table_args__ = (
        Index(None, "workspace_id", "record_id"),
        Index("ix_run_initiator", "workspace_id", "initiator_id", "id"),
        Index("ix_run_status", "workspace_id", "status", "id"),
        Index("ix_run_flow", "workspace_id", "flow", "id"),
        Index("ix_run_parent", "workspace_id", "parent_run", postgresql_where=text("parent_run IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 80}},
    )
    flow: Mapped[str]
    flow_version: Mapped[int]
    form: Mapped[str]
    form_version: Mapped[int]
    record_id: Mapped[int]
    status: Mapped[str]
    state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default="1")
    machine: Mapped[int]
    initiator_id: Mapped[int | None]
    started_by: Mapped[str] = mapped_column(server_default="submit")
    holds: Mapped[bool] = mapped_column(server_default="true")
    depth: Mapped[int] = mapped_column(server_default="0")
    parent_run: Mapped[int | None]
    parent_visit: Mapped[int | None]
    cause: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Task(Numbered, Base):
    """One person (or guest) is asked for one thing.

    `visit` numbers the step's opening in the run; `status` is open, done or closed (somebody else decided). `because`:
    for whom they stand in, how they were found, who gave it to them.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_inbox", "workspace_id", "person_id", "status", "due_at", "id"),
        Index("ix_task_run", "workspace_id", "run_id", "visit"),
        Index("ix_task_opened", "opened_at", postgresql_using="brin"),
        Index("ix_task_guest", "workspace_id", "guest_link_id", postgresql_where=text("guest_link_id IS NOT NULL")),
    )
    run_id: Mapped[int]
    flow: Mapped[str]
    form: Mapped[str]
    record_id: Mapped[int]
    visit: Mapped[int]
    step: Mapped[str]
    kind: Mapped[str]
    person_id: Mapped[int | None]
    guest_link_id: Mapped[UUID | None]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    comment: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    because: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    urged_at: Mapped[datetime | None]


class FlowTurn(InWorkspace, Base):
    """When somebody last had their turn at a step that goes round; a higher number is later."""

    __tablename__ = "flow_turn"
    flow: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[int]


class RunClock(InWorkspace, Base):
    """A named clock of a run (flow_engine.clocks). `target` and `used` are seconds that count.

    `pauses` are spans of instants, the last perhaps open; `colour`, `due_at` and `used` are as they were when something
    last happened to it: a reading works them out for now. `seen` is the record's version whose values it knows;
    `breached_at` is never cleared. A row for each clock stands from the run's start on.
    """

    __tablename__ = "run_clock"
    __table_args__ = (
        Index(
            "ix_run_clock_colour",
            "workspace_id",
            "colour",
            "due_at",
            postgresql_where=text("started_at IS NOT NULL AND stopped_at IS NULL"),
        ),
    )
    run_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[int]
    version: Mapped[int]
    started_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    target: Mapped[int | None]
    calendar: Mapped[str]
    pauses: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    held: Mapped[bool] = mapped_column(server_default="false")
    reached: Mapped[int] = mapped_column(server_default="0")
    breached_at: Mapped[datetime | None]
    colour: Mapped[str]
    due_at: Mapped[datetime | None]
    used: Mapped[int] = mapped_column(server_default="0")
    seen: Mapped[int]


class RunJournal(InWorkspace, Base):
    """The n-th event of a run with all that the machine was told.

    Replayed, it gives the stored state. Rows are only ever added.
    """

    __tablename__ = "run_journal"
    run_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    machine: Mapped[int]
    event: Mapped[dict[str, Any]] = mapped_column(JSONB)


class FlowReport(Numbered, Base):
    """What a flow could not do where nobody was there to be told: why (`code`, `params`), on which record.

    `seen_at` once an administrator has taken note.
    """

    __tablename__ = "flow_report"
    __table_args__ = (Index("ix_flow_report_flow", "workspace_id", "flow", "id"),)
    at: Mapped[datetime]
    code: Mapped[str]
    flow: Mapped[str]
    record_id: Mapped[int | None]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]
