"""What a file is, by its content. What it claims to be does not count, and nothing is unpacked to find out."""

import warnings
import zipfile
from typing import BinaryIO

from PIL import Image

from formloom.errors import InvalidInput, Issue

UNKNOWN = "application/octet-stream"
# A phone's photo has 12 to 50 million pixels; decoded, one takes 4 bytes.
MOST_PIXELS = 60_000_000
MOST_ZIP_ENTRIES = 10_000
HEAD = 512

MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"PK\x03\x04", "application/zip"),
)
_OOXML = "application/vnd.openxmlformats-officedocument."
OFFICE = {
    "word/document.xml": _OOXML + "wordprocessingml.document",
    "xl/workbook.xml": _OOXML + "spreadsheetml.sheet",
    "ppt/presentation.xml": _OOXML + "presentationml.presentation",
}
VERIFIED_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def sniff(file: BinaryIO) -> str:
    """The media type of a seekable file. Raises InvalidInput for an image that is broken or has too many pixels.

    HTML, SVG and scripts are `text/plain` or unknown: no browser of ours is ever told to run an upload.
    """
    file.seek(0)
    head = file.read(HEAD)
    media_type = next((kind for at, magic, kind in MAGIC if head[at : at + len(magic)] == magic), None)
    if media_type in VERIFIED_IMAGES:
        _verify_image(file)
    elif media_type == "application/zip":
        media_type = _office(file)
    elif media_type is None:
        media_type = "text/plain" if _is_text(head) else UNKNOWN
    file.seek(0)
    return media_type


def _verify_image(file: BinaryIO) -> None:
    """Reads the header, then checks structure and checksums; never decodes the pixels."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our limit is the stricter one
            with Image.open(file) as image:
                pixels = image.width * image.height
                if pixels <= MOST_PIXELS:
                    image.verify()
    except Image.DecompressionBombError:
        pixels = MOST_PIXELS + 1
    except Exception as error:  # decoders of broken images raise nearly anything
        raise InvalidInput("invalid_input", issues=(Issue("/file", "broken_image"),)) from error
    if pixels > MOST_PIXELS:
        raise InvalidInput("invalid_input", issues=(Issue("/file", "too_many_pixels", {"most": MOST_PIXELS}),))


def _office(file: BinaryIO) -> str:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()[:MOST_ZIP_ENTRIES]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return UNKNOWN
    return next((OFFICE[name] for name in names if name in OFFICE), "application/zip")


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character may be cut at the end
            return False
    return bool(head) and not any(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
