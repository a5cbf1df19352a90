"""Who started a job, from the word that stands in its row: with the roles they hold now, not those they held then."""

from formloom.people import names, roles_of
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM, Actor


def starter(session: Session, ref: str) -> Actor:
    """`person:12` as an actor. Only people and the system start jobs."""
    kind, _, number = ref.partition(":")
    if kind != "person":
        return SYSTEM
    person = int(number)
    return Actor.person(person, roles_of(session, person), names(session, [person]).get(person, ""))
