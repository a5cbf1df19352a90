"""Who acts. The same word stands in history, audit and journal."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from formloom.frozen import quick

Kind = Literal["person", "guest", "flow", "system"]


@quick
@dataclass(frozen=True, slots=True)
class Actor:
    """A person with their roles, a guest behind a link, a flow, or the system itself."""

    kind: Kind
    person_id: int | None = None
    roles: frozenset[str] = frozenset()
    guest_id: UUID | None = None
    name: str = ""

    @classmethod
    def person(cls, person_id: int, roles: frozenset[str] = frozenset(), name: str = "") -> "Actor":
        return cls("person", person_id, roles, name=name)

    @classmethod
    def guest(cls, guest_id: UUID, name: str = "") -> "Actor":
        return cls("guest", guest_id=guest_id, name=name)

    @classmethod
    def flow(cls, key: str) -> "Actor":
        return cls("flow", name=key)

    @property
    def ref(self) -> str:
        """`person:12`, `guest:<uuid>`, `flow:<key>` or `system`."""
        match self.kind:
            case "person":
                return f"person:{self.person_id}"
            case "guest":
                return f"guest:{self.guest_id}"
            case "flow":
                return f"flow:{self.name}"
            case _:
                return "system"

    @property
    def trusted(self) -> bool:
        """A flow and the system act with the rights their publisher had; no row or field is closed to them here."""
        return self.kind in ("flow", "system")


SYSTEM: Final = Actor("system")
