"""Input against a compiled form: a clean record, or every issue at once. Pure: other records come through `fetch`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from formloom.errors import InvalidInput, Issue

from form_engine.definition.access import FieldAccess
from form_engine.definition.compiled import CompiledForm
from form_engine.formula import NO_CONTEXT, Context, Value
from form_engine.formula.values import nothing_linked
from form_engine.validate.ask import ask, require
from form_engine.validate.codes import CODES
from form_engine.validate.plan import plan_of
from form_engine.validate.result import Clean
from form_engine.validate.rows import row_ids
from form_engine.validate.run import Fetch, Run
from form_engine.validate.settle import settle
from form_engine.validate.take import take

MAX_ISSUES: Final = 500
"""More would help nobody, and a body of a megabyte could ask for them."""

NOTHING_KNOWN: Final[Mapping[str, Value]] = {}


def validate(
    form: CompiledForm,
    raw: object,
    *,
    before: Mapping[str, Any] | None = None,
    context: Context = NO_CONTEXT,
    fetch: Fetch = nothing_linked,
    system: Mapping[str, Value] = NOTHING_KNOWN,
    writable: FieldAccess | None = None,
    draft: bool = False,
    partial: bool = False,
    returning: bool = False,
    born: bool = False,
    new_row_id: Callable[[], str] | None = None,
) -> Clean:
    """The record that stands after `raw` was applied to `before` (None: a new record).

    `raw` holds the fields that are sent, as JSON; what is not sent stays as it was. `writable` are the rights of the
    person who sends it; None means that the system itself acts (a step, a button, an import), which may write
    everything and move statuses along their transitions. `system` are values of the system names (`id`, `created_by`
    …) for formulas; the record's own rollups are read through `fetch(form, id)`.

    `new_row_id` names new rows of tables (short random ids unless told).

    `draft` takes an unfinished record: nothing is required, no rule is asked. `partial` asks only what hangs on the
    fields that changed, as a flow's writes do. `returning`: rows may come back with ids that they had before.
    `born`: a new record begins at a declared start of its status, whoever creates it (what an import or a sample brings
    is no new record of the firm, and may stand anywhere).

    Raises InvalidInput with every issue, each pointing into `raw`; never anything else, whatever `raw` is.
    """
    if not isinstance(raw, Mapping):
        raise InvalidInput("invalid_input", issues=(Issue("", "not_an_object"),))
    run = Run(plan_of(form), before, writable, context, fetch, system, new_row_id or row_ids(), draft, returning, born)
    take(run, raw)
    settle(run, raw)
    if not draft:
        changed = run.changed() if partial and before is not None else None
        require(run, changed)
        ask(run, changed)
    if run.issues:
        raise InvalidInput("invalid_input", {"form": form.key}, tuple(run.issues[:MAX_ISSUES]))
    return Clean(run.values, run.computed)


__all__ = ["CODES", "Clean", "row_ids", "validate"]
