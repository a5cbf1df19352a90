"""The process that makes a PDF (or pictures of its pages): our template, fed with plain data, and nothing else.

The template and the data are files in memory; no folder is a root, no package can be fetched, fonts are our own.
"""

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any, Final

from form_engine.documents.press.inside import Refused, run

HERE: Final = Path(__file__).parent
FONTS: Final = HERE.parent / "fonts"
TEMPLATE: Final = HERE / "sheet.typ"
_ORIENTATION: Final = 0x0112
WIDEST: Final = 1_600
"""Pixels of a picture in a document: 200 a centimetre on a page's half."""


def typeset(head: dict[str, Any], files: list[bytes]) -> bytes:
    """`head["sheet"]` as PDF, or as PNG (`head["format"]`). `head["names"]` are the files' ids."""
    import typst

    pictures = dict(zip(head["names"], map(_picture, files), strict=True))
    data = json.dumps({"sheet": head["sheet"], "files": pictures}, ensure_ascii=False).encode()
    sources = {"main.typ": TEMPLATE.read_bytes(), "sheet.json": data}
    try:
        made: Any = typst.compile(  # type: ignore[call-overload]
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


def _picture(content: bytes) -> str:
    """A picture as it should stand, upright and no larger than paper can show, in an SVG of its size: the typesetter
    takes files in memory as text only. Raises Refused for what is none.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as opened:
            kind, size = opened.format, opened.size
            turned = opened.getexif().get(_ORIENTATION, 1) != 1
            if kind not in ("PNG", "JPEG") or turned or max(size) > WIDEST:
                opened.draft("RGB", (WIDEST, WIDEST))
                image = ImageOps.exif_transpose(opened)
                image.thumbnail((WIDEST, WIDEST))
                kind, size, out = ("JPEG" if kind == "JPEG" else "PNG"), image.size, io.BytesIO()
                image.convert("RGB" if kind == "JPEG" else "RGBA").save(out, kind, quality=85)
                content = out.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused("broken_image") from error
    encoded = base64.b64encode(content).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}"><image width="{size[0]}" '
        f'height="{size[1]}" href="data:image/{kind.lower()};base64,{encoded}"/></svg>'
    )


if __name__ == "__main__":
    sys.exit(run(typeset))
