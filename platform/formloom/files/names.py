"""What may stand in a file's name."""

import unicodedata

LONGEST_BYTES = 180
FALLBACK = "file"
# Reserved somewhere, or able to end a header or a path.
REFUSED = frozenset('/\\:*?"<>|')


def clean_name(name: str) -> str:
    """The last part of the name, harmless: no path, no control or direction-changing character, not too long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Cc and Cf hold NUL, line ends, right-to-left overrides and zero-width characters; Cs are halves of characters.
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    kept = "".join("_" if c in REFUSED else c for c in kept).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot or len(extension) > 10:
        stem, dot, extension = kept, "", ""
    room = LONGEST_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode(errors="ignore").strip(" .")
    return f"{stem}{dot}{extension}" if stem else FALLBACK + dot + extension
