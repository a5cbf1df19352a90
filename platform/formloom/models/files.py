"""Files that people uploaded."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, InWorkspace


class StoredFile(InWorkspace, Base):
    """A file under our own id; `size` in bytes; `media_type` by content, never as claimed."""

    __tablename__ = "stored_file"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[bytes]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
