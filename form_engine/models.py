"""The tables of definitions and records.

The JSON document of a record is the truth; everything beside it serves questions.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from formloom.db.base import Base, InWorkspace, Numbered
from sqlalchemy import BigInteger, Column, Date, DateTime, ForeignKeyConstraint, Index, Integer, Table, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, NUMRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from form_engine.slots import SLOTS


class Definition(InWorkspace, Base):
    """What an admin makes (`kind`: form, flow, view…): its draft, and which published version is live."""

    __tablename__ = "definition"
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    app: Mapped[str | None]
    live_version: Mapped[int | None]
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    draft_revision: Mapped[int] = mapped_column(server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str]
    hears: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    """The forms whose changes a live flow is told of (`tell_changes.sql`)."""
    retired_at: Mapped[datetime | None]
    """Since when nothing new is begun with it, though it is published."""


class DefinitionDraft(InWorkspace, Base):
    """What a draft was at one of its revisions: what two admins both began with when their changes are merged."""

    __tablename__ = "definition_draft"
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DefinitionVersion(InWorkspace, Base):
    """A published definition; never changed afterwards."""

    __tablename__ = "definition_version"
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[datetime] = mapped_column(server_default=func.now())
    published_by: Mapped[str]


class FormSlot(InWorkspace, Base):
    """Which typed slot of `record_index` a form's field has; kept for ever, so that old versions stay readable."""

    __tablename__ = "form_slot"
    __table_args__ = (Index(None, "workspace_id", "form", "slot", unique=True),)
    form: Mapped[str] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[str]
    ready: Mapped[bool] = mapped_column(server_default="true")
    """Every older record has it too: until then it is written, and no list asks it."""


class FormUpkeep(InWorkspace, Base):
    """What the job `job_id` is to bring up to date after a publish; the row goes when it is through, not when the job
    ends (`kind`: `fill`, `refresh`; `asked` is what the job gets).
    """

    __tablename__ = "form_upkeep"
    kind: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    job_id: Mapped[int]


class Record(Numbered, Base):
    """One record; `title` is how links show it, `search` is its plain text.

    `version` counts its changes; `touched` counts changes of what its rollups sum, so that a rule that read a total
    can be sure of it. `run_id` is the run that holds it: then it is edited only through open steps.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_form_created", "workspace_id", "form", "created_at", "id"),
        Index("ix_record_form_updated", "workspace_id", "form", "updated_at", "id"),
        Index(
            "ix_record_aside",
            "workspace_id",
            "form",
            "updated_at",
            "id",
            postgresql_where=text("draft OR deleted_at IS NOT NULL"),
        ),
    )
    form: Mapped[str] = mapped_column(Text(collation="C"))
    form_version: Mapped[int]
    number: Mapped[str | None]
    title: Mapped[str] = mapped_column(server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    search: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    touched: Mapped[int] = mapped_column(server_default="0")
    draft: Mapped[bool] = mapped_column(server_default="false")
    run_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str]
    deleted_at: Mapped[datetime | None]


_SLOT_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(collation="C"),
    "decimal": BigInteger(),
    "date": Date(),
    "timestamp": DateTime(timezone=True),
}

record_index = Table(
    "record_index",
    Base.metadata,
    Column("workspace_id", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("form", Text(collation="C"), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    *(Column(slot, _SLOT_TYPES[kind]) for kind, slots in SLOTS.items() for slot in slots),
    ForeignKeyConstraint(["workspace_id", "record_id"], ["record.workspace_id", "record.id"], ondelete="CASCADE"),
    Index("ix_record_index_created", "workspace_id", "form", "created_at", "record_id"),
    *(
        Index(
            f"ix_record_index_{slot}",
            "workspace_id",
            "form",
            slot,
            "record_id",
            postgresql_where=text(f"{slot} IS NOT NULL"),
        )
        for slots in SLOTS.values()
        for slot in slots
    ),
)
"""The typed slots of a live record (drafts and deleted ones have no row); `form_slot` says which field has which."""


class RecordLink(InWorkspace, Base):
    """`path` of record `from_id` (`lines.item` in row `row_id`, or a plain field with row "") points to `to_id`."""

    __tablename__ = "record_link"
    __table_args__ = (Index(None, "workspace_id", "to_id", "from_form", "path"),)
    from_id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[str] = mapped_column(primary_key=True, server_default="")
    to_id: Mapped[int] = mapped_column(primary_key=True)
    from_form: Mapped[str]


class RecordSearch(InWorkspace, Base):
    """The pairs of neighbouring characters of a record's `search`, as numbers; a trigger keeps them (ADR 054)."""

    __tablename__ = "record_search"
    __table_args__ = (Index("ix_record_search_tokens", "tokens", postgresql_using="gin"),)
    record_id: Mapped[int] = mapped_column(primary_key=True)
    tokens: Mapped[list[int]] = mapped_column(ARRAY(Integer))


class RecordUnique(InWorkspace, Base):
    """A value that a form declares unique; the primary key is what refuses the second."""

    __tablename__ = "record_unique"
    __table_args__ = (Index(None, "workspace_id", "record_id"),)
    form: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[int]


class RecordSpan(InWorkspace, Base):
    """A range that a form declares free of others: two rows with the same `key` never overlap.

    `key` is the digest of (workspace, form, rule, values) and `scope` the same as a one-point range, because the
    exclusion constraint needs a range where `btree_gist` is lacking. `during` counts days, seconds or the number.
    """

    __tablename__ = "record_span"
    __table_args__ = (
        ExcludeConstraint(("scope", "&&"), ("during", "&&"), name="ex_record_span_overlap"),
        Index(None, "workspace_id", "key"),
    )
    record_id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str]
    key: Mapped[str]
    scope: Mapped[Range[Decimal]] = mapped_column(NUMRANGE)
    during: Mapped[Range[Decimal]] = mapped_column(NUMRANGE)


class RecordFile(InWorkspace, Base):
    """A file stands, or stood, in the field `path` of a record (`lines.slip`), or in its comment (`comment:7`).

    An update takes no row away: the record's history goes on showing the file, and giving it back.
    """

    __tablename__ = "record_file"
    __table_args__ = (
        # Who sweeps unattached files and who attaches one at that moment see each other.
        ForeignKeyConstraint(["workspace_id", "file_id"], ["stored_file.workspace_id", "stored_file.id"]),
        Index(None, "workspace_id", "record_id"),
    )
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)


class RecordComment(Numbered, Base):
    """What a person said about a record. `mentions` are ids of people; a deleted one keeps its place without words."""

    __tablename__ = "record_comment"
    __table_args__ = (Index(None, "workspace_id", "record_id", "id"),)
    record_id: Mapped[int]
    body: Mapped[str]
    mentions: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    created_by: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class RollupPart(InWorkspace, Base):
    """What one row of a child adds to a rollup (`form.field`) of its parent."""

    __tablename__ = "rollup_part"
    __table_args__ = (
        Index("ix_rollup_part_parent", "workspace_id", "parent_id", "rollup", postgresql_include=["amount"]),
    )
    child_id: Mapped[int] = mapped_column(primary_key=True)
    rollup: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[str] = mapped_column(primary_key=True, server_default="")
    parent_id: Mapped[int]
    amount: Mapped[Decimal]


class Recalculation(Numbered, Base):
    """What is stored beside a record may be out of date: because of the record itself (`@self`), or, for those that
    hang on it, because of `cause` (`form.field`). Whoever works it out takes the row away (ADR 059). What could not be
    worked out is put aside until `available_at`.
    """

    __tablename__ = "recalculation"
    record_id: Mapped[int]
    cause: Mapped[str]
    marked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    attempts: Mapped[int] = mapped_column(server_default="0")
    available_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecordHistory(Numbered, Base):
    """One change of a record. `changes` maps field to [old, new]; `via` says through what (`run:7`, `import:3`)."""

    __tablename__ = "record_history"
    __table_args__ = (
        Index(None, "workspace_id", "record_id", "id"),
        Index(
            "ix_record_history_via",
            "workspace_id",
            "via",
            "id",
            postgresql_where=text("via IS NOT NULL AND via NOT LIKE 'run:%'"),
        ),
    )
    record_id: Mapped[int]
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    via: Mapped[str | None]


class Serial(InWorkspace, Base):
    """The next number of a series (`order:202512`)."""

    __tablename__ = "serial"
    key: Mapped[str] = mapped_column(primary_key=True)
    next: Mapped[int]


__all__ = [
    "Definition",
    "DefinitionDraft",
    "DefinitionVersion",
    "FormSlot",
    "FormUpkeep",
    "Recalculation",
    "Record",
    "RecordComment",
    "RecordFile",
    "RecordHistory",
    "RecordLink",
    "RecordSearch",
    "RecordSpan",
    "RecordUnique",
    "RollupPart",
    "Serial",
    "record_index",
]


class SavedView(Numbered, Base):
    """How somebody likes to see a form's records: their own, or `shared` with all who may read the form. `body` is the
    part of a view that people choose (`form_engine.saved_views`).
    """

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_form", "workspace_id", "form", "title"),)
    form: Mapped[str]
    owner_id: Mapped[int]
    title: Mapped[str]
    shared: Mapped[bool] = mapped_column(server_default="false")
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
