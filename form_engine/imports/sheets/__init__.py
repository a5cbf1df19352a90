"""Files into rows: workbooks and delimited text, read by a process with limits of its own (ADR 065)."""

from form_engine.imports.sheets.limits import Limits
from form_engine.imports.sheets.reader import SheetInfo, read_sheets

__all__ = ["Limits", "SheetInfo", "read_sheets"]
