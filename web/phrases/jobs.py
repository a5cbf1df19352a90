"""What jobs say: their kinds, their states, and what went wrong with one."""

from collections.abc import Mapping
from typing import Final

from web.phrases.marking import N_

PHRASES = {
    "unknown_job": N_("There is no such job, or it is not yours."),
    "job_broke": N_("Something went wrong on our side. An administrator can try it again."),
}

KINDS: Final[Mapping[str, str]] = {
    "fill": N_("Indexing older records"),
    "recalculate": N_("Working out what depends on a change"),
    "refresh": N_("Renewing titles and searched words"),
    "convert": N_("Converting records to a new version"),
    "records.bulk": N_("Changing many records"),
    "records.bulk_undo": N_("Undoing a change of many records"),
    "import.read": N_("Reading a file"),
    "import.run": N_("Importing records"),
    "import.undo": N_("Undoing an import"),
    "export": N_("Exporting a list"),
}
OTHER: Final = N_("Background work")

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "queued": (N_("waiting"), "idle"),
    "running": (N_("under way"), "running"),
    "done": (N_("done"), "good"),
    "failed": (N_("failed"), "bad"),
    "cancelled": (N_("cancelled"), "idle"),
}
"""Word and tone by state."""
STOPPING: Final = N_("stopping")
