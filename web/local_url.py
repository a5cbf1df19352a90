"""Where a person may be sent next: only within this site."""

from urllib.parse import urlsplit


def local_path(target: str | None, fallback: str = "/") -> str:
    """``target`` when it is a path of this site, else ``fallback``.

    Browsers read ``//host``, ``/\\host`` and control characters more generously than the standard: refused.
    """
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return fallback
    if any(ord(char) < 0x21 or ord(char) == 0x7F for char in target):
        return fallback
    parts = urlsplit(target)
    return fallback if parts.scheme or parts.netloc else target
