"""A sheet as PDF: the near side of `typeset`."""

from collections.abc import Mapping
from typing import Any, Final

from formloom.errors import ExternalFailure

from form_engine.documents.press.outside import Limits, pressed
from form_engine.documents.press.typeset import FONTS

LIMITS: Final = Limits(memory=1_200_000_000, seconds=10)
CODES: Final = ("too_many_pages", "document_cannot_be_set", "broken_image", "document_fonts_missing")


def pdf_of(sheet: Mapping[str, Any], files: Mapping[str, bytes], limits: Limits = LIMITS) -> bytes:
    """The PDF of a sheet; `files` are the pictures that it shows, by id. Raises as `pressed` does."""
    return _made(sheet, files, limits, {"format": "pdf"})


def picture_of(sheet: Mapping[str, Any], files: Mapping[str, bytes], page: int = 0, ppi: float = 110) -> bytes:
    """A page of it as PNG, to be looked at."""
    return _made(sheet, files, LIMITS, {"format": "png", "page": page, "ppi": ppi})


def _made(sheet: Mapping[str, Any], files: Mapping[str, bytes], limits: Limits, how: Mapping[str, Any]) -> bytes:
    if not any(FONTS.glob("*.ttf")):  # a page without its letters looks whole to whoever made it
        raise ExternalFailure("document_fonts_missing")
    return pressed("typeset", {"sheet": sheet, "names": list(files), **how}, list(files.values()), limits)
