"""A workbook is a zip file: what it claims to hold is looked at before anything of it is inflated."""

import zipfile
from typing import BinaryIO, Final

from form_engine.imports.errors import UnreadableFile
from form_engine.imports.sheets.limits import Limits

MOST_PARTS: Final = 5_000
_CHUNK: Final = 1 << 20


def check_archive(file: BinaryIO, limits: Limits) -> None:
    """Raises UnreadableFile for a zip bomb, an encrypted one, or one that is no workbook.

    Sizes that the directory states are summed first; then each part that would be read is inflated and counted, and
    given up the moment it says more than it claimed.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > limits.inflated:
                raise UnreadableFile("sheet_inflates", most=limits.inflated)
            if any(part.flag_bits & 1 for part in parts):
                raise UnreadableFile("sheet_encrypted")
            for part in parts:
                if part.filename.endswith((".xml", ".rels", ".bin")) and not part.filename.endswith("vbaProject.bin"):
                    _inflate(archive, part)
    except UnreadableFile:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFile("sheet_unreadable") from error
    except Exception as error:  # zlib.error and whatever a broken part raises
        raise UnreadableFile("sheet_unreadable") from error


def _inflate(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """The library stops at the stated size and then checks the sum, so a part that lies is broken, not large."""
    with archive.open(part) as stream:
        while stream.read(_CHUNK):
            pass
