"""Which definitions speak of a role."""

from dataclasses import dataclass

from formloom.db.uow import workspace_of
from sqlalchemy import and_, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import Session

from form_engine.models import Definition, DefinitionVersion

_SPOKEN_OF = "$.** ? (@.role == $role || @.roles == $role || @.issued_by == $role)"


@dataclass(frozen=True, slots=True)
class Naming:
    """A live definition, with its title by language."""

    kind: str
    key: str
    title: dict[str, str] | str


def naming_role(session: Session, role: str) -> tuple[Naming, ...]:
    """Every live definition that names it, anywhere (`"role": "…"` is how definitions do)."""
    live = and_(
        DefinitionVersion.workspace_id == Definition.workspace_id,
        DefinitionVersion.kind == Definition.kind,
        DefinitionVersion.key == Definition.key,
        DefinitionVersion.version == Definition.live_version,
    )
    named = func.jsonb_path_exists(DefinitionVersion.body, cast(_SPOKEN_OF, JSONPATH), cast({"role": role}, JSONB))
    title = DefinitionVersion.body["title"].label("title")
    statement = (
        select(Definition.kind, Definition.key, title)
        .join(DefinitionVersion, live)
        .where(Definition.workspace_id == workspace_of(session), named)
        .order_by(Definition.kind, Definition.key)
    )
    return tuple(Naming(row.kind, row.key, row.title or row.key) for row in session.execute(statement))
