"""The process that makes a PDF (or pictures of its pages): our template, fed with plain data, and nothing else.

The template and the data are files in memory; no folder is a root, no package can be fetched, fonts are our own.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any, Final

from form_engine.documents.press.inside import Refused, run

HERE: Final = Path(__file__).parent
FONTS: Final = HERE.parent / "fonts"
TEMPLATE: Final = HERE / "sheet.typ"
WIDEST: Final = 1_600
"""Pixels of a picture in a document: 200 a centimetre on a page's half."""


def typeset(head: dict[str, Any], files: list[bytes]) -> bytes:
    """`head["sheet"]` as PDF, or as PNG (`head["format"]`). `head["names"]` are the files' ids."""
    import typst

    pictures = dict(zip(head["names"], map(_picture, files), strict=True))
    known = {ident: f"{at}.{kind}" for at, (ident, (kind, _)) in enumerate(pictures.items())}
    data = json.dumps({"sheet": head["sheet"], "files": known}, ensure_ascii=False).encode()
    sources = {"main.typ": TEMPLATE.read_bytes(), "sheet.json": data}
    sources |= {known[ident]: content for ident, (_, content) in pictures.items()}
    try:
        made = typst.compile(
            sources,
            format=head["format"],
            ppi=head.get("ppi", 144.0),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            package_path="/nowhere",
            package_cache_path="/nowhere",
        )
    except typst.TypstError as error:
        code = "too_many_pages" if "too_many_pages" in str(error) else "document_cannot_be_set"
        raise Refused(code, why=str(error).splitlines()[0][:300]) from error
    pages = made if isinstance(made, list) else [made]
    return b"".join(pages) if head["format"] == "pdf" else pages[min(head.get("page", 0), len(pages) - 1)]


def _picture(content: bytes) -> tuple[str, bytes]:
    """A picture as it should stand, upright and no larger than paper can show. Raises Refused for what is none."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as opened:
            form, turned = opened.format, opened.getexif().get(0x0112, 1) != 1
            if form in ("PNG", "JPEG") and not turned and max(opened.size) <= WIDEST:
                return ("png" if form == "PNG" else "jpg"), content
            opened.draft("RGB", (WIDEST, WIDEST))
            image = ImageOps.exif_transpose(opened)
            image.thumbnail((WIDEST, WIDEST))
            out = io.BytesIO()
            if form == "JPEG":
                image.convert("RGB").save(out, "JPEG", quality=85)
                return "jpg", out.getvalue()
            image.convert("RGBA").save(out, "PNG")
            return "png", out.getvalue()
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise Refused("broken_image") from error


if __name__ == "__main__":
    sys.exit(run(typeset))
