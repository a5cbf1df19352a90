"""Passwords: Argon2id (RFC 9106), and the same work whether there is one to compare with or not."""

import os
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from formloom.errors import InvalidInput, Issue
from formloom.settings import PasswordCost

# NIST SP 800-63B: length counts, composition rules do not; an upper bound keeps hashing affordable.
SHORTEST, LONGEST = 10, 256
# Each hashing fills 64 MiB and a processor: a crowd at the door waits in line and does not take the machine down.
AT_ONCE = max(2, os.cpu_count() or 2)


class Passwords:
    """Hashes and compares with one cost."""

    def __init__(self, cost: PasswordCost) -> None:
        self._hasher = PasswordHasher(time_cost=cost.time, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._places = BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    def hash(self, password: str, login: str = "") -> str:
        """The hash to keep. Raises InvalidInput for what is too short, too long or the login itself."""
        code = None
        if len(password) < SHORTEST:
            code = "password_too_short"
        elif len(password) > LONGEST:
            code = "password_too_long"
        elif login and password.casefold() == login.casefold():
            code = "password_is_login"
        if code is not None:
            limits = {"least": SHORTEST, "most": LONGEST}
            raise InvalidInput("invalid_input", issues=(Issue("/password", code, limits),))
        with self._places:
            return self._hasher.hash(password)

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. Takes as long for an account without one, or that does not exist."""
        try:
            with self._places:
                return self._hasher.verify(kept or self._nobodys, password[: LONGEST + 1]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Whether it was made with another cost and should be made anew while the password is known."""
        return self._hasher.check_needs_rehash(kept)
