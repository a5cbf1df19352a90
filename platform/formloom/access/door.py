"""The door of the house: log-in, sessions, forgotten passwords, API tokens.

Times here are the database's, whatever day a workspace lives on. Nothing told, and no duration, says whether an
account exists.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from formloom import audit
from formloom.access.passwords import Passwords
from formloom.access.throttle import Throttle
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work, workspace_of
from formloom.errors import InvalidInput, Issue, NotFound, Unauthenticated
from formloom.links import address, reset_token
from formloom.messages.ledger import send
from formloom.models import ApiToken, LoginSession, PasswordReset, Person, PersonRole, Role, Workspace
from formloom.people import normal_login
from formloom.settings import Settings
from formloom.signing import new_token, token_hash

CODES = (
    "wrong_login",
    "too_many_attempts",
    "reset_link_invalid",
    "password_too_short",
    "password_too_long",
    "password_is_login",
    "unknown_person",
)

RESET_VALID = timedelta(hours=1)
INVITATION_VALID = timedelta(days=7)
# Writing `seen_at` at every request would make each one a write.
SEEN_EVERY = timedelta(minutes=1)
# Asking for a reset takes this long, whether a mail is written or not.
RESET_FLOOR_SECONDS = 0.25
# Rows of nobody: failed attempts on accounts that do not exist are noted as well, so that both cost the same.
NOBODYS_WORKSPACE = 0

ResetWords = Callable[[str, str], tuple[str, str]]
"""(locale, person's name) → subject and body of the mail; the body holds `{link}` once."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking. `scopes` is None for a browser, which may all that the person may."""

    workspace_id: int
    person_id: int
    name: str
    login: str
    locale: str
    time_zone: str
    roles: frozenset[str]
    session_id: int | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: what its cookie carries, and until when at most."""

    token: str
    expires_at: datetime
    workspace_id: int
    person_id: int


def english_reset_words(_: str, name: str) -> tuple[str, str]:
    """The words when nobody hands in better ones."""
    return "Set a new password", f"{name}, this link lets you set a new password within an hour:\n\n{{link}}\n"


def english_invitation_words(_: str, name: str) -> tuple[str, str]:
    """Likewise."""
    return "Your account", f"{name}, this link lets you choose a password within seven days:\n\n{{link}}\n"


class Access:
    """Composed once; safe for threads."""

    def __init__(
        self,
        databases: Databases,
        settings: Settings,
        *,
        reset_words: ResetWords = english_reset_words,
        invitation_words: ResetWords = english_invitation_words,
        reset_floor_seconds: float = RESET_FLOOR_SECONDS,
    ) -> None:
        self._databases, self._settings = databases, settings
        self._reset_words, self._invitation_words = reset_words, invitation_words
        self._reset_floor = reset_floor_seconds
        self.passwords = Passwords(settings.password_cost)
        self.throttle = Throttle(settings.redis_url)

    def log_in(self, login: str, password: str, address: str) -> Opened:
        """Open a session. Raises Unauthenticated or Throttled, the same for a wrong password and an unknown account."""
        login = normal_login(login)
        self.throttle.log_in(login, address)
        workspace_id, person_id = self._account(login)
        with unit_of_work(self._databases, workspace_id) as session:
            person = _enabled(session, person_id)
            kept = person.password_hash if person else None
        fits = self.passwords.fits(kept, password)  # takes long: no connection waits for it
        with unit_of_work(self._databases, workspace_id) as session:
            person = _enabled(session, person_id)
            fits = fits and person is not None and person.password_hash == kept
            if person is not None and fits:
                opened = self._open(session, person)
                if self.passwords.outdated(person.password_hash or ""):
                    person.password_hash = self.passwords.hash(password)
            action = "login" if fits else "login_failed"
            audit.append(session, f"person:{person_id}" if fits else "system", action, f"person:{person_id}")
        if not fits:
            raise Unauthenticated("wrong_login")
        self.throttle.logged_in(login, address)
        return opened

    def session_of(self, token: str) -> Identity | None:
        """Who this cookie is, now; None when it is unknown, ended, idle for too long, or its person is shut out."""
        idle = timedelta(minutes=self._settings.session_idle_minutes)
        wanted = select(
            LoginSession.workspace_id, LoginSession.id, LoginSession.person_id, _stale(LoginSession.seen_at)
        )
        valid = (LoginSession.expires_at > func.now(), LoginSession.seen_at > func.now() - idle)
        with self._databases.router.connect() as connection:
            found = connection.execute(wanted.where(LoginSession.token_hash == token_hash(token), *valid)).one_or_none()
        if found is None:
            return None
        with unit_of_work(self._databases, found.workspace_id) as session:
            if found.stale:
                mine = (LoginSession.workspace_id == found.workspace_id, LoginSession.id == found.id)
                session.execute(update(LoginSession).where(*mine).values(seen_at=func.now()))
            return _identity(session, found.person_id, session_id=found.id)

    def log_out(self, identity: Identity) -> None:
        """End this browser's session."""
        mine = (LoginSession.workspace_id == identity.workspace_id, LoginSession.id == identity.session_id)
        with unit_of_work(self._databases, identity.workspace_id) as session:
            session.execute(delete(LoginSession).where(*mine))
            audit.append(session, f"person:{identity.person_id}", "logout", f"person:{identity.person_id}")

    def token_of(self, bearer: str) -> Identity | None:
        """Who this API token acts as, with its scopes; None when it is unknown, expired or revoked."""
        alive = (ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.now()))
        wanted = select(ApiToken.workspace_id, ApiToken.id).where(ApiToken.token_hash == token_hash(bearer), *alive)
        with self._databases.router.connect() as connection:
            found = connection.execute(wanted).one_or_none()
        if found is None:
            return None
        with unit_of_work(self._databases, found.workspace_id) as session:
            token = session.get_one(ApiToken, (found.workspace_id, found.id))
            now = session.execute(select(func.now())).scalar_one()
            if token.used_at is None or now - token.used_at > SEEN_EVERY:
                token.used_at = now
            return _identity(session, token.person_id, scopes=frozenset(token.scopes))

    def set_password(self, session: Session, person_id: int, password: str, *, keep_session: int | None = None) -> None:
        """Set a password and end all sessions of the person (but the one in which it was changed)."""
        person = session.get(Person, (workspace_of(session), person_id))
        if person is None:
            raise NotFound("unknown_person", {"id": person_id})
        person.password_hash = self.passwords.hash(password, person.login)
        theirs = (LoginSession.workspace_id == person.workspace_id, LoginSession.person_id == person_id)
        session.execute(delete(LoginSession).where(*theirs, LoginSession.id.is_distinct_from(keep_session)))
        session.flush()

    def ask_reset(self, login: str, address: str) -> None:
        """Mail a link to set a new password, if there is such an account; tells nothing either way."""
        began = time.monotonic()
        login = normal_login(login)
        self.throttle.count("reset", login)
        self.throttle.count("address", address)
        workspace_id, person_id = self._account(login)
        with unit_of_work(self._databases, workspace_id) as session:
            person = _enabled(session, person_id)
            if person is not None and person.email:
                self._mail_reset(session, person)
        threading.Event().wait(max(0.0, self._reset_floor - (time.monotonic() - began)))

    def invite(self, session: Session, person_id: int, by: str) -> str | None:
        """A link by which somebody chooses a password, good for a week and once; earlier ones end. It is mailed where
        there is an address; else its address is returned, to be handed over by hand. Raises NotFound.
        """
        person = _enabled(session, person_id)
        if person is None:
            raise NotFound("unknown_person", {"id": person_id})
        earlier = (PasswordReset.workspace_id == person.workspace_id, PasswordReset.person_id == person_id)
        session.execute(delete(PasswordReset).where(*earlier, PasswordReset.used_at.is_(None)))
        reset = self._new_reset(session, person, INVITATION_VALID)
        audit.append(session, by, "person.invited", f"person:{person_id}", {"mailed": bool(person.email)})
        if not person.email:
            return address(self._settings, session, f"reset:{reset.id}")
        self._mail_link(session, person, reset, self._invitation_words)
        return None

    def end_sessions(self, session: Session, person_id: int, by: str) -> int:
        """Log somebody out everywhere; returns of how many browsers. Their API tokens go on."""
        theirs = (LoginSession.workspace_id == workspace_of(session), LoginSession.person_id == person_id)
        ended = len(session.execute(delete(LoginSession).where(*theirs).returning(LoginSession.id)).all())
        audit.append(session, by, "person.logged_out", f"person:{person_id}", {"sessions": ended})
        return ended

    def reset(self, token: str, password: str) -> None:
        """Set a new password by a mailed link, once. Raises InvalidInput when the link is not good any more."""
        invalid = InvalidInput("reset_link_invalid", issues=(Issue("/token", "reset_link_invalid"),))
        wanted = select(PasswordReset.workspace_id, PasswordReset.id)
        with self._databases.router.connect() as connection:
            found = connection.execute(wanted.where(PasswordReset.token_hash == token_hash(token))).one_or_none()
        if found is None:
            raise invalid
        usable = (PasswordReset.used_at.is_(None), PasswordReset.expires_at > func.now())
        mine = (PasswordReset.workspace_id == found.workspace_id, PasswordReset.id == found.id)
        with unit_of_work(self._databases, found.workspace_id) as session:
            use = update(PasswordReset).where(*mine, *usable).values(used_at=func.now())
            person_id = session.execute(use.returning(PasswordReset.person_id)).scalar_one_or_none()
            if person_id is None or _enabled(session, person_id) is None:
                raise invalid
            self.set_password(session, person_id, password)
            audit.append(session, f"person:{person_id}", "password_reset", f"person:{person_id}")

    def _account(self, login: str) -> tuple[int, int]:
        with self._databases.router.connect() as connection:
            wanted = select(Person.workspace_id, Person.id).where(Person.login == login)
            found = connection.execute(wanted).one_or_none()
        return (found.workspace_id, found.id) if found else (NOBODYS_WORKSPACE, 0)

    def _open(self, session: Session, person: Person) -> Opened:
        token = new_token()
        now: datetime = session.execute(select(func.now())).scalar_one()
        expires_at = now + timedelta(hours=self._settings.session_hours)
        keys: dict[str, Any] = {"workspace_id": person.workspace_id, "person_id": person.id}
        session.add(LoginSession(**keys, token_hash=token_hash(token), expires_at=expires_at))
        session.flush()
        return Opened(token, expires_at, person.workspace_id, person.id)

    def _mail_reset(self, session: Session, person: Person) -> None:
        self._mail_link(session, person, self._new_reset(session, person, RESET_VALID), self._reset_words)
        audit.append(session, "system", "password_reset_asked", f"person:{person.id}")

    def _new_reset(self, session: Session, person: Person, valid: timedelta) -> PasswordReset:
        now: datetime = session.execute(select(func.now())).scalar_one()
        keys: dict[str, Any] = {"workspace_id": person.workspace_id, "person_id": person.id}
        reset = PasswordReset(**keys, token_hash=token_hash(new_token()), expires_at=now + valid)
        session.add(reset)
        session.flush()  # for its id, which the token is made from
        reset.token_hash = token_hash(reset_token(self._settings, person.workspace_id, reset.id))
        session.flush()
        return reset

    def _mail_link(self, session: Session, person: Person, reset: PasswordReset, words: ResetWords) -> None:
        locale = person.locale or session.get_one(Workspace, person.workspace_id).locale
        subject, body = words(locale, person.name)
        link = f"reset:{reset.id}"
        send(session, "mail", person.email or "", subject, body, key=link, link=link)


def _stale(seen_at: Any) -> ColumnElement[bool]:
    stale: ColumnElement[bool] = (seen_at < func.now() - SEEN_EVERY).label("stale")
    return stale


def _enabled(session: Session, person_id: int) -> Person | None:
    person = session.get(Person, (workspace_of(session), person_id))
    return person if person is not None and person.disabled_at is None else None


def _identity(
    session: Session, person_id: int, *, session_id: int | None = None, scopes: frozenset[str] | None = None
) -> Identity | None:
    held = (
        select(func.coalesce(func.array_agg(Role.key), cast([], ARRAY(Text))))
        .join(PersonRole, and_(PersonRole.workspace_id == Role.workspace_id, PersonRole.role_id == Role.id))
        .where(PersonRole.workspace_id == Person.workspace_id, PersonRole.person_id == Person.id)
        .scalar_subquery()
    )
    locale = func.coalesce(Person.locale, Workspace.locale)
    wanted = (
        select(Person.name, Person.login, locale.label("locale"), Workspace.time_zone, held.label("roles"))
        .join(Workspace, Workspace.id == Person.workspace_id)
        .where(Person.workspace_id == workspace_of(session), Person.id == person_id, Person.disabled_at.is_(None))
    )
    found = session.execute(wanted).one_or_none()
    if found is None:
        return None
    return Identity(
        workspace_id=workspace_of(session),
        person_id=person_id,
        name=found.name,
        login=found.login,
        locale=found.locale,
        time_zone=found.time_zone,
        roles=frozenset(found.roles),
        session_id=session_id,
        scopes=scopes,
    )
