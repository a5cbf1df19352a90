"""The flows of a workspace, compiled with the form they are pinned to, and kept in the process."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from formloom.db.uow import workspace_of
from formloom.errors import InvalidDefinition, Issue, NotFound
from formloom.models import Role
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from flow_engine.definition import (
    CompiledFlow,
    FlowDef,
    check_calls,
    check_flow,
    compile_flow,
    parse_flow,
)
from flow_engine.definition.check_time import check_calendars
from flow_engine.definition.lost import lost_flow
from flow_engine.service.beside import beside_issues
from flow_engine.service.organisation import organisation_issues
from flow_engine.service.papers import document_issues
from flow_engine.service.reachable import reachable_issues
from flow_engine.steps import Step
from flow_engine.triggers import Button, Submit, Trigger
from form_engine.calendars.live import live_calendars
from form_engine.definition import CompiledForm
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.definitions_store.form_store import stand_alone
from form_engine.definitions_store.live import forget_live
from form_engine.documents.store import DocumentStore
from form_engine.models import Definition
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms

KEPT = 2_000
Pinned = tuple[CompiledFlow, CompiledForm]


AfterPublish = Callable[[Session, Mapping[str, FlowDef], Mapping[str, FlowDef], Actor], None]


def _nothing(session: Session, before: Mapping[str, FlowDef], after: Mapping[str, FlowDef], actor: Actor) -> None:
    """Where nothing was composed around the store."""


class FlowStore(DefinitionStore[FlowDef]):
    """The definitions of flows. Publishing checks them against the live forms and the roles there are."""

    def __init__(self, forms: FormStore) -> None:
        super().__init__("flow", parse_flow)
        self.forms, self.documents = forms, DocumentStore(forms)
        self.after_publish: AfterPublish = _nothing
        """Called with what was live before and what is now, in the transaction that publishes."""

    def publish_together(self, session: Session, *args: Any, **rest: Any) -> dict[str, int]:
        """As every store does, while no record is written: whoever listens to a form hears of every write after."""
        stand_alone(session)
        forget_live(session)  # whoever stood alone before may have published
        return super().publish_together(session, *args, **rest)

    def published(
        self, session: Session, parsed: Mapping[str, FlowDef], versions: Mapping[str, int], actor: Actor
    ) -> None:
        """Note who listens to which forms, and let timers follow."""
        for key, flow in parsed.items():
            mine = (Definition.workspace_id == workspace_of(session), Definition.kind == self.kind)
            heard = update(Definition).where(*mine, Definition.key == key).values(hears=sorted(flow.hears) or None)
            session.execute(heard, execution_options={"synchronize_session": False})
        before = {key: old for key in parsed if (old := self._readable(session, key, versions[key] - 1)) is not None}
        self.after_publish(session, before, parsed, actor)

    def retire(self, session: Session, key: str, actor: Actor, *, retired: bool = True) -> None:
        """As every store does; its dates and times end, or begin anew."""
        stand_alone(session)
        super().retire(session, key, actor, retired=retired)
        mine = (Definition.workspace_id == workspace_of(session), Definition.kind == self.kind, Definition.key == key)
        flow = self._readable(session, key, session.scalar(select(Definition.live_version).where(*mine)) or 0)
        if flow is not None:
            known = {key: flow}
            self.after_publish(session, known if retired else {}, {} if retired else known, actor)

    def _readable(self, session: Session, key: str, version: int) -> FlowDef | None:
        """A version, if there is one that this release can read."""
        try:
            return self.parsed(session, key, version) if version > 0 else None
        except InvalidDefinition:
            return None

    def check(self, session: Session, parsed: Mapping[str, FlowDef]) -> None:
        """Raises InvalidDefinition with every issue, below the flow's key."""
        forms, roles = self.forms.forms(session), frozenset(session.scalars(select(Role.key)))
        issues: list[Issue] = []
        calendars, live = live_calendars(session), self.live_versions(session)

        def find(key: str) -> FlowDef | None:
            return parsed.get(key) or (self.version(session, key, live[key]) if key in live else None)

        for key, flow in parsed.items():
            form = forms.get(flow.form)
            if form is None:
                issues.append(Issue(f"/{key}/form", "unknown_form", {"form": flow.form}))
                continue
            found = (
                *check_flow(flow, form, roles),
                *organisation_issues(session, flow),
                *check_calendars(flow, calendars),
                *check_calls(flow, form, find),
                *document_issues(session, flow, form, self.documents),
                *beside_issues(forms, flow, form),
                *reachable_issues(session, flow),
            )
            issues += [Issue(f"/{key}{issue.pointer}", issue.code, issue.params) for issue in found]
        if issues:
            raise InvalidDefinition("invalid_flow", issues=tuple(issues))

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """What a live flow names that these forms do not have (any more)."""
        for key in self.keys(session):
            flow: FlowDef = self.live(session, key)
            form = forms.get(flow.form)
            if form is None:
                yield key, Issue("/form", "unknown_form", {"form": flow.form})
                continue
            world = Forms(forms, {})
            yield from ((key, issue) for issue in (*check_flow(flow, form), *beside_issues(world, flow, form)))

    def undecided(self, session: Session, flow: str, form: str) -> bool:
        """Whether this very transaction published one of them: it may yet be undone, so nobody may keep it."""
        return self._published_here(session, flow) or self.forms._published_here(session, form)


class Catalogue:
    """Published versions never change, so a compiled pair is right for ever; the least used is forgotten first."""

    def __init__(self, forms: FormStore) -> None:
        self.forms = forms
        self.flows = FlowStore(forms)
        self._kept: OrderedDict[tuple[int, str, int, int], Pinned] = OrderedDict()
        self._lock = Lock()

    def pinned(
        self, workspace: int, flow: str, version: int, form_version: int, session: Callable[[], Session]
    ) -> Pinned:
        """The flow as it was published, with the form as it was; `session` is opened only when they are not kept
        yet."""
        key = (workspace, flow, version, form_version)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        definition = self.definition(session(), flow, version)
        try:
            form = self.forms.version(session(), definition.form, form_version)
            pair = (compile_flow(definition, form, version), form)
        except InvalidDefinition as error:  # of an earlier release: its runs wait, and say so
            return self._lost(session(), definition, version, error)
        if definition.lost or self.flows.undecided(session(), flow, form.key):
            return pair
        with self._lock:
            self._kept[key] = pair
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return pair

    def live(self, session: Session, key: str) -> Pinned:
        """The flow that new runs follow. Raises NotFound."""
        version = self.flows.live_versions(session).get(key)
        if version is None:
            raise NotFound("unknown_flow", {"flow": key})
        definition: FlowDef = self.flows.version(session, key, version)
        form = self.forms.forms(session).get(definition.form)
        if form is None:
            raise NotFound("unknown_form", {"form": definition.form})
        return self.pinned(workspace_of(session), key, version, form.version, lambda: session)

    def started_by_submit(self, session: Session, form: str) -> list[Pinned]:
        """The live flows that a submitted record of this form may start, in the order of their keys."""
        return [self.live(session, key) for key, flow in self._of(session, form) if isinstance(flow.trigger, Submit)]

    def buttons(self, session: Session, form: str) -> list[Pinned]:
        """The live flows that have a button on records of this form."""
        return [self.live(session, key) for key, flow in self._of(session, form) if isinstance(flow.trigger, Button)]

    def definition(self, session: Session, key: str, version: int) -> FlowDef:
        """A published flow, uncompiled: enough for titles and fields. One that this release cannot read is `lost`."""
        try:
            found: FlowDef = self.flows.version(session, key, version)
        except InvalidDefinition:
            form = self.flows.body(session, key, version).get("form")
            return lost_flow(key, str(form), version).definition
        return found

    def _lost(self, session: Session, flow: FlowDef, version: int, error: InvalidDefinition) -> Pinned:
        """A stand-in, on the form as it is now; without that there is nothing to stand on."""
        form = self.forms.forms(session).get(flow.form)
        if form is None:
            raise error
        return lost_flow(flow.key, flow.form, version), form

    def step(self, session: Session, key: str, version: int, step: str) -> Step:
        """One step of a published flow."""
        return self.definition(session, key, version).step(step)

    def triggered(self, session: Session, form: str, kind: type[Trigger]) -> list[Pinned]:
        """The live flows of a form that start by this kind of trigger, in the order of their keys."""
        return [self.live(session, key) for key, flow in self._of(session, form) if isinstance(flow.trigger, kind)]

    def live_trigger(self, session: Session, key: str, kind: type[Trigger] = Trigger) -> Pinned | None:
        """The live flow of this key where it starts by this kind of trigger; None where it does so no more."""
        if key not in self.flows.live_versions(session):
            return None
        found = self.live(session, key)
        return found if isinstance(found[0].definition.trigger, kind) else None

    def of_form(self, session: Session, form: str) -> list[Pinned]:
        """The live flows on records of this form, however they start."""
        return [self.live(session, key) for key, _ in self._of(session, form)]

    def _of(self, session: Session, form: str) -> list[tuple[str, FlowDef]]:
        live = self.flows.live_versions(session)
        flows = [(key, self.definition(session, key, version)) for key, version in live.items()]
        return [(key, flow) for key, flow in flows if flow.form == form]
