"""The tables of imports: what was uploaded, row by row, as it came and as it was read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from formloom.db.base import Base, InWorkspace, Numbered
from sqlalchemy import BigInteger, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column


class ImportBatch(Numbered, Base):
    """One upload on its way into a form.

    `state`: reading (a job reads it), unread (that came to no end: mapped again or forgotten), ready (to be looked
    at), running (a job writes), stopped (ended before all was in), failed (a job gave up; both may be run again), done,
    undoing, undone. `job_id` is the job whose batch this is, the only one that may write. `profile` is the definition
    it is read by, `found` what was found in the file (sheets, headers, mapping), `counts` its rows by state.
    """

    __tablename__ = "import_batch"
    __table_args__ = (Index(None, "workspace_id", "form", "id"),)
    form: Mapped[str]
    state: Mapped[str]
    file_id: Mapped[UUID]
    file_name: Mapped[str]
    profile_key: Mapped[str | None]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    job_id: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    """When somebody or something last had done with it: from then on the housekeeper counts."""


class ImportRow(InWorkspace, Base):
    """One line of a sheet. `raw` are its cells (`form_engine.imports.cells` says how they are spelt), `fixed` those
    that people put right, by the number of the column; `clean` the values by field.

    `state`: ok, warn, error, skip, header; `record_id` and `record_version` tell what it became. `key` and `print`
    find rows that say the same; `target_id` is the record that it updates.
    """

    __tablename__ = "import_row"
    __table_args__ = (Index(None, "workspace_id", "batch_id", "state", "position"),)
    batch_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sheet: Mapped[int]
    line: Mapped[int]
    raw: Mapped[list[Any]]
    fixed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    state: Mapped[str]
    clean: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    issues: Mapped[list[Any]]
    key: Mapped[str | None]
    print: Mapped[str | None]
    target_id: Mapped[int | None]
    record_id: Mapped[int | None]
    record_version: Mapped[int | None]


class ImportMemory(InWorkspace, Base):
    """How a form's sheets with this header were mapped last time."""

    __tablename__ = "import_memory"
    form: Mapped[str] = mapped_column(primary_key=True)
    signature: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    used_at: Mapped[datetime] = mapped_column(server_default=func.now())
