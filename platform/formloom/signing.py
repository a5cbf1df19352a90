"""Tokens that need not be stored: what they stand for, signed with the server's secret."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

# 160 bits: no token is ever guessed.
SIGNATURE_BYTES = 20


def sign(secret_key: str, purpose: str, *parts: object) -> bytes:
    """A signature that is good for this purpose alone; the parts cannot run into one another."""
    message = "\x1f".join([purpose, *map(str, parts)]).encode()
    return hmac.digest(secret_key.encode(), message, "sha256")[:SIGNATURE_BYTES]


def same(left: bytes, right: bytes) -> bool:
    """Compare without telling by the time how much was right."""
    return hmac.compare_digest(left, right)


def new_token() -> str:
    """256 bits that nobody knows, safe in addresses and cookies."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token. A plain hash is enough: the token is random and long."""
    return hashlib.sha256(token.encode()).digest()


def to_text(raw: bytes) -> str:
    """Bytes as they stand in an address."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str, length: int) -> bytes | None:
    """The bytes again; None unless it is exactly what `to_text` writes for so many bytes."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, UnicodeEncodeError):
        return None
    return raw if len(raw) == length and to_text(raw) == text else None
