"""Lists as files: typed workbooks and delimited text, written while they are read (ADR 066)."""

from form_engine.exports.service import FORMATS, Export, Exports, Format

__all__ = ["FORMATS", "Export", "Exports", "Format"]
