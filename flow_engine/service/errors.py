"""What flows raise on purpose, and what the database's refusals mean."""

from typing import Final

RUN_MOVED: Final = "FL010"
RECORD_HELD: Final = "FL011"
TASK_CLOSED: Final = "FL012"

LOST_RACES: Final = frozenset({"FL001", "FL002", "FL004", RUN_MOVED, TASK_CLOSED, "40001", "40P01", "23505"})
"""Somebody was faster: load again and see.

FL004: a form was published meanwhile. 23505: the same request was answered meanwhile.
"""

BUSY: Final = "run_busy"
"""The code of a lost race: nothing is wrong, and the same again is right."""

CODES: Final = (
    "unknown_task",
    "unknown_run",
    "unknown_flow",
    "task_closed",
    "idempotency_mismatch",
    "changes_not_taken",
    "people_not_taken",
    "not_an_option",
    "required",
    BUSY,
    "record_in_run",
    "button_not_offered",
    "not_unique",
    "invalid_cursor",
)
