"""The flows of a workspace, compiled with the form they are pinned to, and kept in the process."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from form_engine.definition import CompiledForm
from form_engine.definitions_store import DefinitionStore, FormStore
from formloom.db.uow import workspace_of
from formloom.errors import Issue, NotFound
from formloom.models import Role
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import Button, CompiledFlow, FlowDef, Submit, check_flow, compile_flow, parse_flow

KEPT = 2_000
Pinned = tuple[CompiledFlow, CompiledForm]


class Catalogue:
    """Published versions never change, so a compiled pair is right for ever; the least used is forgotten first."""

    def __init__(self, forms: FormStore) -> None:
        self.forms = forms
        self.flows: DefinitionStore[FlowDef] = DefinitionStore("flow", parse_flow, check=self._check)
        self._kept: OrderedDict[tuple[int, str, int, int], Pinned] = OrderedDict()
        self._lock = Lock()

    def pinned(
        self, workspace: int, flow: str, version: int, form_version: int, session: Callable[[], Session]
    ) -> Pinned:
        """The flow as it was published, with the form as it was; `session` is opened only when they are not kept yet."""
        key = (workspace, flow, version, form_version)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        definition = self.flows.version(session(), flow, version)
        form = self.forms.version(session(), definition.form, form_version)
        pair = (compile_flow(definition, form, version), form)
        with self._lock:
            self._kept[key] = pair
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return pair

    def live(self, session: Session, key: str) -> Pinned:
        """The flow that new runs follow. Raises NotFound."""
        version = self.flows.live_version(session, key)
        if version is None:
            raise NotFound("unknown_flow", {"flow": key})
        definition = self.flows.version(session, key, version)
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

    def _of(self, session: Session, form: str) -> list[tuple[str, FlowDef]]:
        live = self.flows.all_live(session)
        return [(key, flow) for key, (_, flow) in sorted(live.items()) if flow.form == form]

    def _check(self, session: Session, flow: FlowDef) -> tuple[Issue, ...]:
        """What publish asks: does the flow fit its live form and the roles there are?"""
        form = self.forms.forms(session).get(flow.form)
        if form is None:
            return (Issue("/form", "unknown_form", {"form": flow.form}),)
        return check_flow(flow, form, frozenset[Any](session.scalars(select(Role.key))))
