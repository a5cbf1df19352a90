"""The SQL function lists the slots by name; the list is the one of `form_engine.slots`."""

import re

from form_engine.records.sql import statements
from form_engine.slots import SLOTS


def test_every_slot_is_written() -> None:
    source = statements()[-1]
    for slot in (slot for slots in SLOTS.values() for slot in slots):
        assert len(re.findall(rf"(?<![.\w]){slot}\b", source)) == 2, slot
        assert len(re.findall(rf"\bs\.{slot}\b", source)) == 2, slot
