"""Bulk actions as the API tells them."""

from typing import Any

from form_engine.definition import CompiledForm
from form_engine.records.bulk import BulkPreview, Kept
from form_engine.records.bulk_job import Outcome
from web.desk.history import changes_in_words
from web.desk.record_json import change_json
from web.desk.world import World
from web.words import sentence


def preview_json(world: World, form: CompiledForm, found: BulkPreview) -> dict[str, Any]:
    """What would happen."""
    told = [changes_in_words(world, form, sample.changes) for sample in found.sample]
    sample = [
        {"id": each.id, "title": each.title, "changes": [change_json(one) for one in changes]}
        for each, changes in zip(found.sample, told, strict=True)
    ]
    refused = [kept_json(each) for each in found.refused]
    return {"count": found.count, "checked": found.checked, "sample": sample, "refused": refused}


def outcome_json(done: Outcome) -> dict[str, Any]:
    """What happened, with words beside the codes."""
    return {**done.to_json(), "refused": [kept_json(each) for each in done.refused]}


def kept_json(kept: Kept) -> dict[str, Any]:
    """A record that stays as it is."""
    issues = [
        {"pointer": issue.pointer, "code": issue.code, "detail": sentence(issue.code, issue.params)}
        for issue in kept.issues
    ]
    return {"id": kept.id, "code": kept.code, "detail": sentence(kept.code, kept.params), "issues": issues}
