"""The flows of a workspace, compiled with the form they are pinned to, and kept in the process."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from threading import Lock

from formloom.db.uow import workspace_of
from formloom.errors import InvalidDefinition, Issue, NotFound
from formloom.models import Role
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import CompiledFlow, FlowDef, check_flow, compile_flow, parse_flow
from flow_engine.service.papers import document_issues
from flow_engine.steps import Step
from flow_engine.triggers import Button, Submit
from form_engine.definition import CompiledForm
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.documents.store import DocumentStore

KEPT = 2_000
Pinned = tuple[CompiledFlow, CompiledForm]


class FlowStore(DefinitionStore[FlowDef]):
    """The definitions of flows. Publishing checks them against the live forms and the roles there are."""

    def __init__(self, forms: FormStore) -> None:
        super().__init__("flow", parse_flow)
        self.forms, self.documents = forms, DocumentStore(forms)

    def check(self, session: Session, parsed: Mapping[str, FlowDef]) -> None:
        """Raises InvalidDefinition with every issue, below the flow's key."""
        forms, roles = self.forms.forms(session), frozenset(session.scalars(select(Role.key)))
        issues: list[Issue] = []
        for key, flow in parsed.items():
            form = forms.get(flow.form)
            if form is None:
                issues.append(Issue(f"/{key}/form", "unknown_form", {"form": flow.form}))
                continue
            found = (*check_flow(flow, form, roles), *document_issues(session, flow, form, self.documents))
            issues += [Issue(f"/{key}{issue.pointer}", issue.code, issue.params) for issue in found]
        if issues:
            raise InvalidDefinition("invalid_flow", issues=tuple(issues))

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """What a live flow names that these forms do not have (any more)."""
        for key in self.keys(session):
            flow: FlowDef = self.live(session, key)
            form = forms.get(flow.form)
            gone = (Issue("/form", "unknown_form", {"form": flow.form}),)
            yield from ((key, issue) for issue in (check_flow(flow, form) if form is not None else gone))

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
        definition = self.flows.version(session(), flow, version)
        form = self.forms.version(session(), definition.form, form_version)
        pair = (compile_flow(definition, form, version), form)
        if self.flows.undecided(session(), flow, form.key):
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
        """A published flow, uncompiled: enough for titles and fields."""
        found: FlowDef = self.flows.version(session, key, version)
        return found

    def step(self, session: Session, key: str, version: int, step: str) -> Step:
        """One step of a published flow."""
        return self.definition(session, key, version).step(step)

    def _of(self, session: Session, form: str) -> list[tuple[str, FlowDef]]:
        live = self.flows.live_versions(session)
        flows = [(key, self.definition(session, key, version)) for key, version in live.items()]
        return [(key, flow) for key, flow in flows if flow.form == form]
