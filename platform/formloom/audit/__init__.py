"""Who did what to what: entries that nobody changes, sealed into a hash chain after their commit (decision 004)."""

from formloom.audit.chain import Verdict, seal, verify
from formloom.audit.listing import Wanted, listing
from formloom.audit.log import append

__all__ = ["Verdict", "Wanted", "append", "listing", "seal", "verify"]
