"""What whoever submits can mend themselves is refused, not an incident (docs/decisions/098). Pure."""

from typing import Final

from formloom.errors import InvalidInput, Issue

from flow_engine.machine.events import Failed
from flow_engine.service.origin import BUTTON, SUBMIT, Origin
from form_engine.definition import CompiledForm

OF_THE_RECORD: Final = ("SetFields", "SetPeople")
"""What a flow writes to its own record."""
MENDABLE: Final = frozenset({"rule_failed", "required", "too_few", "range_backwards"})
"""What the form asks of values. A status that may not move like that, a formula that fails: the flow's mistake."""
TAKEN: Final = frozenset({"overlaps_hidden", "not_unique_hidden"})


def refusal(failed: Failed, form: CompiledForm, origin: Origin) -> InvalidInput | None:
    """The refusal of a person who submits a record, or presses a button, where the flow's first steps (before anybody
    is asked) cannot write to that record what follows from its values; None: an incident.
    """
    if origin not in (SUBMIT, BUTTON) or failed.effect not in OF_THE_RECORD:
        return None
    if failed.code in TAKEN:
        return InvalidInput("invalid_input", {"form": form.key}, _taken(failed, form))
    issues = tuple(Issue(each["pointer"], each["code"], each["params"]) for each in failed.params.get("issues", ()))
    mendable = issues and all(issue.code in MENDABLE for issue in issues)
    return InvalidInput(failed.code, {"form": form.key}, issues) if mendable else None


def _taken(failed: Failed, form: CompiledForm) -> tuple[Issue, ...]:
    """At the fields of the rule, in the rule's own words where it has some."""
    fields = [key for key in failed.params.get("fields", ()) if key in form.by_path]
    rule = next((each for each in form.definition.no_overlap if [each.start, each.end] == fields), None)
    said = {"message": rule.message} if rule is not None and rule.message is not None else {}
    return tuple(Issue(f"/{key}", failed.code, {"fields": fields, **said}) for key in fields)
