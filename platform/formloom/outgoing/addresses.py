"""Which addresses a request that leaves the house may go to: public ones, and those that the operator lists.

Whoever makes connections (an admin, a browser that subscribes to push messages) must not reach through the server into
the network that it stands in (TRUST, webhooks out; ADR 085).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IPv6 addresses that stand for one of IPv4: the last four bytes are where a packet really goes.
_TRANSLATED = (
    ip_network("::ffff:0:0/96"),  # mapped
    ip_network("::ffff:0:0:0/96"),  # translated (RFC 2765)
    ip_network("::/96"),  # compatible, deprecated
    ip_network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    ip_network("64:ff9b:1::/48"),  # NAT64 of one network (RFC 8215)
)
# Tunnels, and what a registry of today calls special and an older table of Python's does not.
_BESIDES = tuple(
    map(ip_network, ("2002::/16", "2001::/32", "fec0::/10", "3fff::/20", "5f00::/16", "192.88.99.0/24", "192.0.0.0/24"))
)


def parse_address(text: str) -> Address:
    """An address as `getaddrinfo` tells it; a zone (`fe80::1%eth0`) is left out. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def parse_network(text: str) -> Network:
    """A network as an operator writes it (`10.20.0.0/16`, `192.0.2.7`). Raises ValueError."""
    return ip_network(text.strip(), strict=False)


def meant(address: Address) -> Address:
    """The address that a packet reaches: the IPv4 one inside of an IPv6 one that only carries it."""
    if isinstance(address, IPv6Address) and any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_listed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether the operator named it."""
    real = meant(address)
    return any(real.version == network.version and real in network for network in allowed)


def is_public(address: Address) -> bool:
    """Whether it belongs to the open internet and to one machine: not loopback, private, shared (CGNAT), link-local,
    reserved, multicast, or a way to hide one of these.
    """
    real = meant(address)
    special = any(real.version == each.version and real in each for each in _BESIDES)
    # A translated address is refused as it stands: nobody in the open internet is reached only by it.
    return real == address and real.is_global and not real.is_multicast and not real.is_reserved and not special


def may_reach(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether a request may go there."""
    return is_listed(address, allowed) or is_public(address)
