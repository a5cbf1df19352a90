"""Out of the bin for ever: the document, its history, its comments, the lines of sheets it came from.

Only the audit log still knows of it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from formloom import audit
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.records.actor import Actor

if TYPE_CHECKING:
    from form_engine.records.service import Records

_PURGE = text("SELECT purge_records(CAST(:ids AS bigint[]))")

# What they came from: lines of sheets, found by the imports that stand in their history.
_SHEETS = text("""
    UPDATE import_row SET raw = '[]', fixed = NULL, clean = NULL, issues = '[]', key = NULL, print = NULL
    FROM (SELECT DISTINCT workspace_id, substr(via, 8)::bigint AS batch FROM record_history
          WHERE workspace_id = :workspace AND record_id = ANY (CAST(:ids AS bigint[]))
            AND via ~ '^import:[0-9]{1,18}$') AS origin
    WHERE import_row.workspace_id = origin.workspace_id AND import_row.batch_id = origin.batch
        AND import_row.record_id = ANY (CAST(:ids AS bigint[]))
""")


def purge(
    records: "Records",
    session: Session,
    forms: FormStore,
    ids: Sequence[int],
    actor: Actor,
    *,
    confirmed: bool,
) -> None:
    """Forget records that are in the bin, for admins who may delete them and say that they mean it.

    Raises NotFound, Forbidden, Conflict `not_deleted` for what is not in the bin, `confirm_purge`.
    """
    if not confirmed:
        raise Conflict("confirm_purge")
    if not actor.trusted and "admin" not in actor.roles:
        raise Forbidden("action_denied", {"action": "purge"})
    for record_id in ids:
        record, form, rights = records.readable(session, forms, record_id, actor, in_bin=True)
        if "delete" not in rights.may:
            raise Forbidden("action_denied", {"action": "delete", "form": form.key})
        if not record.deleted:
            raise Conflict("not_deleted", {"id": record_id})
        detail = {"form": form.key, "versions": record.version}
        audit.append(session, actor.ref, "record.purged", f"record:{record_id}", detail)
    session.execute(_SHEETS, {"workspace": workspace_of(session), "ids": sorted(ids)})
    gone = session.execute(_PURGE, {"ids": sorted(ids)}).scalar_one()
    if set(gone) != set(ids):  # somebody took one out of the bin meanwhile
        raise Conflict("not_deleted", {"id": min(set(ids) - set(gone))})
