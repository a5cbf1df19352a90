"""How somebody gets in, and how long it lasts."""

from formloom.access.door import CODES, Access, Identity, Opened, ResetWords
from formloom.access.passwords import Passwords
from formloom.access.throttle import Throttle
from formloom.access.tokens import api_tokens, create_api_token, revoke_api_token

__all__ = [
    "CODES",
    "Access",
    "Identity",
    "Opened",
    "Passwords",
    "ResetWords",
    "Throttle",
    "api_tokens",
    "create_api_token",
    "revoke_api_token",
]
