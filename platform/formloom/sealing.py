"""Secrets that must be stored and used again (addresses of bots, keys of webhooks): sealed with a key of the
installation, so that neither a backup nor a reader of the database has them (ADR 086).

The keys are derived from SECRET_KEY. Whoever changes that enters the secrets again; nothing else is lost.
"""

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from formloom.errors import Conflict

CODES = ("secret_unreadable",)

_NONCE: Final = 12
_ORDER_P256: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def seal(secret_key: str, purpose: str, told: Mapping[str, Any]) -> bytes:
    """Encrypted and bound to its purpose (`connection:3:office`): it opens nowhere else."""
    nonce = os.urandom(_NONCE)
    raw = json.dumps(told, ensure_ascii=False).encode()
    return nonce + AESGCM(_derived(secret_key, b"sealing", 32)).encrypt(nonce, raw, purpose.encode())


def unseal(secret_key: str, purpose: str, sealed: bytes) -> dict[str, Any]:
    """What was sealed. Raises Conflict `secret_unreadable` when SECRET_KEY is another one now."""
    try:
        cipher = AESGCM(_derived(secret_key, b"sealing", 32))
        found = json.loads(cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode()))
    except InvalidTag as error:
        raise Conflict("secret_unreadable") from error
    return dict(found)


def push_key(secret_key: str) -> ec.EllipticCurvePrivateKey:
    """The installation's key pair for web push (VAPID, RFC 8292): always the same, and stored nowhere."""
    number = int.from_bytes(_derived(secret_key, b"web push", 48), "big") % (_ORDER_P256 - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def webhook_key(secret_key: str, workspace: int) -> str:
    """The key that signs webhooks to plain addresses, for which nobody made a connection: one a workspace, always the
    same, and stored nowhere.
    """
    return "whsec_" + b64encode(_derived(secret_key, b"webhook %d" % workspace, 32)).decode()


def _derived(secret_key: str, use: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"formloom " + use).derive(secret_key.encode())
