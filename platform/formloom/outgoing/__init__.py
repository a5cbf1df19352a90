"""The only way by which a request leaves the house for an address that somebody entered."""

from formloom.outgoing.addresses import Network, is_public, may_reach, parse_address, parse_network
from formloom.outgoing.client import CODES, MOST_BYTES, Answer, Outgoing, parse_target

__all__ = [
    "CODES",
    "MOST_BYTES",
    "Answer",
    "Network",
    "Outgoing",
    "is_public",
    "may_reach",
    "parse_address",
    "parse_network",
    "parse_target",
]
