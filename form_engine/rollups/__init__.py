"""Totals over the records that point here: what a child adds (`parts`), and what a parent shows (`totals`)."""

from form_engine.rollups.parts import Feed, parts_of
from form_engine.rollups.totals import Totals, rollup_value

__all__ = ["Feed", "Totals", "parts_of", "rollup_value"]
