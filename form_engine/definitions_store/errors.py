"""What may go wrong with definitions in the store."""

from typing import Final

CODES: Final = (
    "unknown_definition",
    "revision_conflict",
    "invalid_definition",
    "wrong_key",
    "too_many_indexed",
    "rollup_reads_elsewhere",
    "access_not_in_sql",
    "filter_not_in_sql",
    "nothing_to_publish",
    "nothing_to_discard",
    "draft_in_the_way",
    "runs_hold_values",
    "would_lose_values",
    "not_unique_yet",
    "overlaps_yet",
    "several_values",
    "no_conversion",
    "breaks_flow",
    "breaks_view",
    "breaks_document",
)
