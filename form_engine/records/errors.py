"""What may go wrong with records on purpose; the web layer has words for each."""

from typing import Final

CODES: Final = (
    "unknown_form",
    "unknown_record",
    "unknown_person",
    "unknown_file",
    "invalid_input",
    "version_conflict",
    "totals_keep_moving",
    "not_unique",
    "record_in_run",
    "not_a_draft",
    "not_deleted",
    "is_deleted",
    "action_denied",
    "filtered_out",
    "definition_changed",
)
