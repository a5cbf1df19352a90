"""Named clocks between events of a run, and how time passes under a calendar. Pure: nothing here reads a database."""
