"""Messages of the client, read by their shape: Babel's lexer of JavaScript loses some in `.svelte` files."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

CALL = re.compile(r"\b(?:t|tn)\(\s*'([^'\\]+)'(?:,\s*'([^'\\]+)')?")
"""Every message is written ``t('…'`` on one line, without escapes; a test of the client holds that shape."""


def extract(
    fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str | tuple[str, str], list[str]]]:
    """Babel's extractor for ``.ts`` and ``.svelte``; it always knows what to look for."""
    del keywords, comment_tags, options
    for number, line in enumerate(fileobj.read().decode("utf-8").splitlines(), 1):
        for hit in CALL.finditer(line):
            plural = hit[2] if hit[0].startswith("tn") else None
            yield number, "tn" if plural else "t", (hit[1], plural) if plural else hit[1], []
