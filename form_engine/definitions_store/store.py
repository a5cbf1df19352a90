"""Definitions of one kind: a draft with a revision, immutable published versions, one of them live.

Generic over what a definition is: forms add to it (`form_store`), flows and views use it as it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from formloom import audit
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, FormloomError, InvalidDefinition, Issue, NotFound
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, defer

from form_engine.definition import CompiledForm
from form_engine.definitions_store.live import PUBLISHED, forget_live, live_of, prefixed, unprefixed
from form_engine.evolution.merge import merge
from form_engine.models import Definition, DefinitionDraft, DefinitionVersion
from form_engine.records.actor import Actor

T = TypeVar("T")
Body = dict[str, Any]

REMEMBERED: Final = 50
"""So many revisions of a draft are kept, so that who began with one of them can be merged."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being worked on. `revision` goes up with every save; without changes `definition` is the live one."""

    definition: Body
    revision: int
    live_version: int | None
    changed: bool


Follower = Callable[[Session, tuple[str, ...], Actor], None]


class DefinitionStore(Generic[T]):
    """Definitions of `kind`; `parse` turns a body into its frozen object or raises InvalidDefinition.

    Parsed versions are remembered for ever: a published version never changes.
    """

    def __init__(self, kind: str, parse: Callable[[Any], T]) -> None:
        self.kind, self._parse = kind, parse
        self._parsed: dict[tuple[int, str, int], T] = {}
        self.followers: list[Follower] = []
        """Told of the keys that are live anew, in the transaction that publishes."""

    def keys(self, session: Session) -> tuple[str, ...]:
        """The keys of all live definitions, in order."""
        return tuple(self.live_versions(session))

    def live_versions(self, session: Session) -> dict[str, int]:
        """By key, in order: which version is live. One transaction asks once, for all kinds together."""
        return dict(live_of(session).get(self.kind, {}))

    def body(self, session: Session, key: str, version: int | None = None) -> Body:
        """A published version as it was published; the live one by default. Raises NotFound."""
        if version is None:
            version = self._live_version(session, key)
        statement = select(DefinitionVersion.body).where(
            DefinitionVersion.workspace_id == workspace_of(session),
            DefinitionVersion.kind == self.kind,
            DefinitionVersion.key == key,
            DefinitionVersion.version == version,
        )
        found: Body | None = session.scalar(statement)
        if found is None:
            raise self._unknown(key)
        return found

    def parsed(self, session: Session, key: str, version: int) -> T:
        """A published version as its frozen object."""
        place = (workspace_of(session), key, version)
        known = self._parsed.get(place)
        if known is None:
            known = self._parse(self.body(session, key, version))
            if not self._published_here(session, key):
                self._parsed[place] = known
        return known

    def live(self, session: Session, key: str) -> Any:
        """The live version as its frozen object. Raises NotFound."""
        return self.parsed(session, key, self._live_version(session, key))

    def version(self, session: Session, key: str, version: int) -> Any:
        """One published version as its frozen object. Raises NotFound."""
        return self.parsed(session, key, version)

    def draft(self, session: Session, key: str) -> Draft:
        """The draft, or the live version where nobody has begun one. Raises NotFound."""
        row = self._row(session, key)
        if row.draft is not None:
            return Draft(row.draft, row.draft_revision, row.live_version, changed=True)
        return Draft(self.body(session, key, row.live_version), row.draft_revision, row.live_version, changed=False)

    def save_draft(
        self, session: Session, key: str, definition: Body, actor: Actor, *, revision: int | None = None
    ) -> int:
        """Keep a draft, right or wrong; returns its new revision. `revision` is the one worked on (None: a new key).

        When somebody has saved in between, both changes are kept. Raises Conflict `revision_conflict` where both
        changed the same place: who it was, and each place with what either wants.
        """
        row = self._row(session, key, lock=True) if revision is not None else None
        if row is not None and revision is not None:
            definition = self._merged(session, row, definition, revision)
        values = {"draft": definition, "updated_at": app_now(session), "updated_by": actor.ref}
        new = insert(Definition).values(
            workspace_id=workspace_of(session), kind=self.kind, key=key, draft_revision=1, **values
        )
        changed = {**values, "draft_revision": Definition.draft_revision + 1}
        statement = new.on_conflict_do_update(index_elements=["workspace_id", "kind", "key"], set_=changed)
        saved = session.execute(statement.returning(Definition.draft_revision)).scalar_one()
        self._remember(session, key, saved, definition)
        return saved

    def hold(self, session: Session, key: str, revision: int | None) -> None:
        """Lock the draft until the transaction ends. Raises Conflict `revision_conflict` unless it is this revision."""
        self._held(self._row(session, key, lock=True), revision)

    def discard_draft(self, session: Session, key: str, actor: Actor, *, revision: int | None = None) -> None:
        """Go back to what is live. Raises Conflict `nothing_to_discard` when there is no draft, or nothing is live."""
        row = self._row(session, key, lock=True)
        self._held(row, revision)
        if row.draft is None or row.live_version is None:
            raise Conflict("nothing_to_discard", {"key": key})
        row.draft, row.updated_by, row.updated_at = None, actor.ref, app_now(session)
        row.draft_revision += 1
        session.flush()

    def retire(self, session: Session, key: str, actor: Actor, *, retired: bool = True) -> None:
        """Begin nothing new with a published definition, or again; what was begun goes on. Twice changes nothing.

        Raises NotFound.
        """
        named = (Definition.workspace_id == workspace_of(session), Definition.kind == self.kind, Definition.key == key)
        row = session.scalar(select(Definition).where(*named).with_for_update())
        if row is None or row.live_version is None:
            raise self._unknown(key)
        if (row.retired_at is not None) != retired:
            row.retired_at = app_now(session) if retired else None
            session.flush()
            action = "definition.retired" if retired else "definition.revived"
            audit.append(session, actor.ref, action, f"{self.kind}:{key}", {})
        forget_live(session)

    def retired(self, session: Session) -> tuple[str, ...]:
        """The keys of those that are."""
        here = (Definition.workspace_id == workspace_of(session), Definition.kind == self.kind)
        found = session.scalars(select(Definition.key).where(*here, Definition.retired_at.is_not(None)))
        return tuple(sorted(found))

    def exists(self, session: Session, key: str) -> bool:
        """Whether there is anything of this key, live or only begun."""
        return session.scalar(select(Definition.key).where(*self._mine(session), Definition.key == key)) is not None

    def rows(self, session: Session) -> tuple[Definition, ...]:
        """Everything of this kind, live or only begun, by key."""
        return tuple(session.scalars(select(Definition).where(*self._mine(session)).order_by(Definition.key)))

    def versions(self, session: Session, key: str) -> tuple[DefinitionVersion, ...]:
        """All published versions, the latest first. Raises NotFound for a key that has none and no draft."""
        self._row(session, key)
        statement = (
            select(DefinitionVersion)
            .options(defer(DefinitionVersion.body))
            .where(
                DefinitionVersion.workspace_id == workspace_of(session),
                DefinitionVersion.kind == self.kind,
                DefinitionVersion.key == key,
            )
            .order_by(DefinitionVersion.version.desc())
        )
        return tuple(session.scalars(statement))

    def problems(self, session: Session, key: str, definition: Any) -> tuple[Issue, ...]:
        """All that stands in the way of publishing this body."""
        try:
            parsed = {key: self._read(key, definition)}
            self.check(session, parsed)
            self.check_dependents(session, parsed)
        except InvalidDefinition as error:
            return tuple(unprefixed(issue, key) for issue in error.issues)
        return ()

    def publish(self, session: Session, key: str, actor: Actor, *, revision: int | None = None, note: str = "") -> int:
        """Publish the draft as the next version and make it live.

        Raises InvalidDefinition with every problem, pointing into the draft.
        """
        row = self._row(session, key, lock=True)
        self._held(row, revision)
        if row.draft is None:
            raise Conflict("nothing_to_publish", {"key": key})
        try:
            return self.publish_together(session, {key: row.draft}, actor, app=row.app, note=note, alone=True)[key]
        except InvalidDefinition as error:
            issues = tuple(unprefixed(issue, key) for issue in error.issues)
            raise InvalidDefinition(error.code, error.params, issues) from None

    def publish_together(
        self,
        session: Session,
        bodies: Mapping[str, Body],
        actor: Actor,
        *,
        app: str | None = None,
        note: str = "",
        alone: bool = False,
    ) -> dict[str, int]:
        """Publish these bodies as one world: they may speak of each other. All or none; issues point to `/<key>/…`.

        `alone`: nothing of another kind follows in this transaction, so what depends on these must still fit.
        """
        parsed: dict[str, T] = {}
        issues: list[Issue] = []
        for key, body in bodies.items():
            try:
                parsed[key] = self._read(key, body)
            except InvalidDefinition as error:
                issues += error.issues
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, tuple(issues))
        self.check(session, parsed)
        if alone:
            self.check_dependents(session, parsed)
        versions = {key: self._publish_one(session, key, body, actor, app, note) for key, body in bodies.items()}
        session.info.setdefault(PUBLISHED, set()).update((self.kind, key) for key in bodies)
        forget_live(session)
        self.published(session, parsed, versions, actor)
        for follow in self.followers:
            follow(session, tuple(bodies), actor)
        return versions

    def check(self, session: Session, parsed: Mapping[str, T]) -> None:
        """Raise InvalidDefinition unless these fit among the live ones. Kinds that know a world say how."""

    def check_dependents(self, session: Session, parsed: Mapping[str, T]) -> None:
        """Raise InvalidDefinition when live definitions of other kinds would no longer fit.

        Apart from `check`, because what is published together (an app) may bring those along.
        """

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """(key, issue) of each live definition of this kind that does not fit these forms. None where none speaks of
        forms.
        """
        return iter(())

    def published(self, session: Session, parsed: Mapping[str, T], versions: Mapping[str, int], actor: Actor) -> None:
        """Called in the transaction that made these live. Kinds with something to bring up to date say what."""

    def _read(self, key: str, body: Any) -> T:
        try:
            parsed = self._parse(body)
        except InvalidDefinition as error:
            raise InvalidDefinition(
                error.code, error.params, tuple(prefixed(issue, key) for issue in error.issues)
            ) from None
        except FormloomError:
            raise
        if isinstance(body, dict) and body.get("key") != key:
            issue = Issue(f"/{key}/key", "wrong_key", {"expected": key})
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, (issue,))
        return parsed

    def _publish_one(self, session: Session, key: str, body: Body, actor: Actor, app: str | None, note: str) -> int:
        now = app_now(session)
        known = select(func.coalesce(func.max(DefinitionVersion.version), 0) + 1).where(
            DefinitionVersion.workspace_id == workspace_of(session),
            DefinitionVersion.kind == self.kind,
            DefinitionVersion.key == key,
        )
        values = {"live_version": 0, "draft": None, "updated_at": now, "updated_by": actor.ref}
        values |= {"app": app} if app is not None else {}
        row = insert(Definition).values(workspace_id=workspace_of(session), kind=self.kind, key=key, **values)
        # The row first: whoever publishes the same key waits here, and counts versions after us.
        changed = {**values, "draft_revision": Definition.draft_revision + 1}
        session.execute(row.on_conflict_do_update(index_elements=["workspace_id", "kind", "key"], set_=changed))
        version = session.execute(known).scalar_one()
        session.add(
            DefinitionVersion(
                workspace_id=workspace_of(session),
                kind=self.kind,
                key=key,
                version=version,
                body=body,
                note=note,
                published_at=now,
                published_by=actor.ref,
            )
        )
        session.flush()
        session.execute(
            row.on_conflict_do_update(index_elements=["workspace_id", "kind", "key"], set_={"live_version": version})
        )
        return version

    def _held(self, row: Definition, revision: int | None) -> None:
        if revision is not None and row.draft_revision != revision:
            raise Conflict("revision_conflict", {"revision": row.draft_revision, "by": row.updated_by})

    def _merged(self, session: Session, row: Definition, mine: Body, revision: int) -> Body:
        """What is to be saved by somebody who began with `revision`."""
        theirs = row.draft if row.draft is not None else self.body(session, row.key, row.live_version)
        if row.draft_revision == revision:
            self._remember(session, row.key, revision, theirs)
            return mine
        place = (workspace_of(session), self.kind, row.key, revision)
        base = session.get(DefinitionDraft, place)
        if base is None:
            self._held(row, revision)
        merged = merge(base.body if base is not None else {}, mine, theirs)
        if merged.conflicts:
            told = [{"at": one.at, "yours": one.mine, "theirs": one.theirs} for one in merged.conflicts]
            raise Conflict(
                "revision_conflict", {"revision": row.draft_revision, "by": row.updated_by, "conflicts": told}
            )
        body: Body = merged.body
        return body

    def _remember(self, session: Session, key: str, revision: int, body: Body) -> None:
        """Keep what a revision was, and forget the oldest."""
        place = {"workspace_id": workspace_of(session), "kind": self.kind, "key": key}
        row = insert(DefinitionDraft).values(**place, revision=revision, body=body)
        session.execute(row.on_conflict_do_nothing())
        mine = [getattr(DefinitionDraft, name) == value for name, value in place.items()]
        old = delete(DefinitionDraft).where(*mine, DefinitionDraft.revision <= revision - REMEMBERED)
        session.execute(old, execution_options={"synchronize_session": False})

    def _mine(self, session: Session) -> tuple[Any, ...]:
        return Definition.workspace_id == workspace_of(session), Definition.kind == self.kind

    def _row(self, session: Session, key: str, *, lock: bool = False) -> Definition:
        statement = select(Definition).where(*self._mine(session), Definition.key == key)
        statement = statement.execution_options(populate_existing=True)
        row = session.scalar(statement.with_for_update() if lock else statement)
        if row is None:
            raise self._unknown(key)
        return row

    def _live_version(self, session: Session, key: str) -> int:
        version = live_of(session).get(self.kind, {}).get(key)
        if version is None:
            raise self._unknown(key)
        return version

    def _unknown(self, key: str) -> NotFound:
        return NotFound("unknown_definition", {"kind": self.kind, "key": key})

    def _published_here(self, session: Session, key: str) -> bool:
        """Whether this transaction published it: it may yet be undone, so no cache may learn of it."""
        return (self.kind, key) in session.info.get(PUBLISHED, ())
