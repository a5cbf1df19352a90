"""Who started a job, from the word that stands in its row: with the roles they hold now, not those they held then."""

from formloom.people import names, roles_of
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM, Actor


def starter(session: Session, ref: str) -> Actor:
    """`person:12`, `flow:leave` or `system` as an actor. Raises ValueError for anybody else: nobody gets the system's
    rights by a word that is not understood.
    """
    if ref == SYSTEM.ref:
        return SYSTEM
    kind, _, name = ref.partition(":")
    if kind == "person" and name.isdecimal():
        person = int(name)
        return Actor.person(person, roles_of(session, person), names(session, [person]).get(person, ""))
    if kind == "flow" and name:
        return Actor.flow(name)
    raise ValueError(f"{kind!r} starts no jobs")
