"""The table of documents."""

from uuid import UUID

from formloom.db.base import Base, InWorkspace
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column


class DocumentFile(InWorkspace, Base):
    """A stored file that the definition of a document names, or once named: versions stay as they were published."""

    __tablename__ = "document_file"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "file_id"], ["stored_file.workspace_id", "stored_file.id"]),
    )
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(primary_key=True)
