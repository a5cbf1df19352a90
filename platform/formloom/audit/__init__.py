"""Who did what to what: entries that nobody changes, sealed into a hash chain after their commit (decision 004)."""

from formloom.audit.chain import Verdict, seal, verify
from formloom.audit.log import append

__all__ = ["Verdict", "append", "seal", "verify"]
