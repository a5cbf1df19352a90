"""A value for every argument that an address of ours can have; a new argument joins here."""

from typing import Any

SOMEBODY_ELSES = 987_654_321
"""The id of nothing."""

ARGUMENTS: dict[str, Any] = {
    "form": "nowhere",
    "key": "nowhere",
    "record_id": SOMEBODY_ELSES,
    "task_id": SOMEBODY_ELSES,
    "run_id": SOMEBODY_ELSES,
    "person_id": SOMEBODY_ELSES,
    "department_id": SOMEBODY_ELSES,
    "token_id": SOMEBODY_ELSES,
    "absence_id": SOMEBODY_ELSES,
    "visit": 1,
    "event": "arrived",
    "turn": "enable",
    "gate": "invite",
    "alteration": "remove",
    "remedy": "retry",
    "job_id": SOMEBODY_ELSES,
    "batch_id": SOMEBODY_ELSES,
    "row": 1,
    "version": 1,
    "comment_id": SOMEBODY_ELSES,
    "batch": "nowhere",
    "message_id": SOMEBODY_ELSES,
    "device_id": SOMEBODY_ELSES,
    "note_id": SOMEBODY_ELSES,
    "report_id": SOMEBODY_ELSES,
    "letter_id": SOMEBODY_ELSES,
    "kind": "flows",
    "connection": "nowhere",
    "flow": "nowhere",
    "act": "test",
    "part": "day",
    "what": "revoke",
    "view_id": SOMEBODY_ELSES,
    "workspace": "nowhere",
    "file_id": "00000000-0000-4000-8000-000000000000",
    "token": "guessed",
    "filename": "nothing.js",
}
