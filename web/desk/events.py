"""Events that somebody reports to a run, judged by what they may do to its record."""

from typing import Any

from formloom.access import Identity
from formloom.errors import Forbidden, NotFound
from sqlalchemy.orm import Session

from web.context import services
from web.identity import actor_of


def reported(session: Session, identity: Identity, run_id: int, name: str) -> dict[str, Any]:
    """What came of it. Raises NotFound for a run of which this person may know nothing, Forbidden."""
    flows, actor = services().flows, actor_of(identity)
    run = flows.run(session, run_id)
    try:
        may = services().records.view(session, services().forms, run.record, actor).may
    except NotFound:
        may = None
    try:
        taken = flows.event(session, run_id, name, actor, may_change=may is not None and "update" in may)
    except Forbidden:
        if may is None:
            raise NotFound("unknown_run", {"run": run_id}) from None
        raise
    if may is None and not taken and "admin" not in identity.roles:
        raise NotFound("unknown_run", {"run": run_id})
    return {"run": run_id, "event": name, "taken": taken}
