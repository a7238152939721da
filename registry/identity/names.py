"""DNS: the addresses and the TXT records of a domain, asked within a time."""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from registry.errors import UnavailableError

_T = TypeVar("_T")


class Names:
    """The resolver that this machine is configured with, or another.

    Names are asked for with their final dot: never one of this network's own by its search list.
    """

    def __init__(self, *, timeout: float, resolver: dns.resolver.Resolver | None = None) -> None:
        self._timeout = timeout
        self._given = resolver

    def addresses(self, host: str) -> list[str]:
        """IP addresses of a host, IPv4 first; none if it has none."""
        answers = _asked(
            host,
            lambda: self._resolver.resolve_name(f"{host}.", lifetime=self._timeout),
        )
        found = [] if answers is None else list(answers.addresses())
        return sorted(found, key=lambda address: ":" in address)

    def texts(self, domain: str) -> list[str]:
        """TXT records of a domain, each put together from its strings."""
        answer = _asked(
            domain,
            lambda: self._resolver.resolve(f"{domain}.", dns.rdatatype.TXT, lifetime=self._timeout),
        )
        records = [] if answer is None else [rdata for rdata in answer if isinstance(rdata, TXT)]
        # Latin-1 reads any bytes; what is looked for in them is ASCII.
        return [b"".join(record.strings).decode("latin-1") for record in records]

    @cached_property
    def _resolver(self) -> dns.resolver.Resolver:
        return dns.resolver.Resolver() if self._given is None else self._given


def _asked(name: str, ask: Callable[[], _T]) -> _T | None:
    """The answer; None if the name has no such record, or does not exist."""
    try:
        return ask()
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except dns.exception.Timeout as exc:
        raise UnavailableError("DNS did not answer in time", source=name) from exc
    except (dns.exception.DNSException, OSError) as exc:
        raise UnavailableError("DNS gave no answer", source=name) from exc
