"""Which IP addresses a stranger's credential may make this machine connect to."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

# Not in `is_global` of every Python version, or wider than it.
_NOT_PUBLIC_V4: Final = tuple(
    map(
        IPv4Network,
        (
            "192.0.0.0/24",  # protocol assignments, RFC 6890
            "192.88.99.0/24",  # 6to4 relays, RFC 7526
        ),
    )
)
_PUBLIC_V6: Final = IPv6Network("2000::/3")  # all global unicast there is, RFC 4291 §2.4
_NOT_PUBLIC_V6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them, RFC 2928
            "2001:db8::/32",  # documentation, RFC 3849
            "2002::/16",  # 6to4, which carries an IPv4 address, RFC 3056
            "3fff::/20",  # documentation, RFC 9637
        ),
    )
)


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open Internet, in itself and in what it leads to.

    False for the local, private, multicast and reserved ones, and for IPv6 addresses that carry
    an IPv4 address (mapped, 6to4, Teredo, NAT64): a gateway would go on to that one.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        return address in _PUBLIC_V6 and not any(address in net for net in _NOT_PUBLIC_V6)
    return _is_public_v4(address)


def _is_public_v4(address: IPv4Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in net for net in _NOT_PUBLIC_V4)
