"""Everything that can go wrong on purpose: one root, a handful of kinds, codes and parameters instead of prose.

The web layer alone turns a kind into an HTTP status and a code into words.
"""

# ruff: noqa: N818  kinds are named for what happened, not for being errors

from collections.abc import Mapping
from dataclasses import dataclass, field

Params = Mapping[str, object]


@dataclass(slots=True)
class Issue:
    """One thing that is wrong with an input. `pointer` is an RFC 6901 JSON pointer into it (`/lines/0/applied`).

    Never changed once made; not frozen, because an input may have hundreds and a frozen one takes three times as long.
    """

    pointer: str
    code: str
    params: Params = field(default_factory=dict)


class FormloomError(Exception):
    """The root. `code` is snake_case and stable; `params` fill the words that the reader sees."""

    def __init__(self, code: str, params: Params | None = None, issues: tuple[Issue, ...] = ()) -> None:
        super().__init__(code, dict(params or {}), issues)
        self.code = code
        self.params: Params = dict(params or {})
        self.issues = issues

    def __str__(self) -> str:
        told = [self.code, *(f"{name}={value!r}" for name, value in self.params.items())]
        told += [f"{issue.pointer or '/'}: {issue.code} {dict(issue.params) or ''}".rstrip() for issue in self.issues]
        return "; ".join(told)


class NotFound(FormloomError):
    """It does not exist, or this person may not know that it does: both look alike."""


class Forbidden(FormloomError):
    """The person may see it, and may not do this to it."""


class Unauthenticated(FormloomError):
    """Nobody, or no longer anybody, is logged in."""


class Conflict(FormloomError):
    """Somebody else was first: another version, a task already decided, a key already used."""


class InvalidInput(FormloomError):
    """What was sent cannot be taken; `issues` say where and why, all at once."""


class InvalidDefinition(FormloomError):
    """A definition (form, flow, bundle) contradicts itself or its world; `issues` point into it."""


class IllegalTransition(FormloomError):
    """A move that the declared transitions do not know."""


class Throttled(FormloomError):
    """Too often. `params["retry_after"]` is in seconds."""


class ExternalFailure(FormloomError):
    """A service outside the house did not answer, or answered wrongly."""


class Unavailable(FormloomError):
    """Not just now (pool exhausted, database away); trying again in `params["retry_after"]` seconds is right."""
