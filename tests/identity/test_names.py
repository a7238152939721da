import dns.name
import dns.rcode
import pytest

from registry.errors import UnavailableError
from registry.identity.names import Names
from tests.identity.servers import NameServer

NAME = "issuer.example"


@pytest.fixture
def resolving(names: NameServer) -> Names:
    return Names(timeout=2, resolver=names.resolver)


def test_addresses_of_both_kinds_are_found(names: NameServer, resolving: Names) -> None:
    names.know(NAME, "AAAA", ["2001:db8::1"])
    names.know(NAME, "A", ["192.0.2.1", "192.0.2.2"])
    *first, last = resolving.addresses(NAME)
    assert (sorted(first), last) == (["192.0.2.1", "192.0.2.2"], "2001:db8::1")


def test_a_text_is_put_together_from_its_strings(names: NameServer, resolving: Names) -> None:
    names.know(NAME, "TXT", ['"openatts net=" "ethereum"', "v=spf1", '"\\"quoted\\" \\255"'])
    assert sorted(resolving.texts(NAME)) == ['"quoted" \xff', "openatts net=ethereum", "v=spf1"]


def test_no_such_name_and_no_such_record_are_answers(names: NameServer, resolving: Names) -> None:
    assert resolving.texts(NAME) == resolving.addresses(NAME) == []
    names.know(NAME, "MX", ["10 mail.example."])
    assert resolving.texts(NAME) == resolving.addresses(NAME) == []


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR])
def test_a_server_that_fails_gave_no_answer(
    names: NameServer, resolving: Names, code: dns.rcode.Rcode
) -> None:
    names.codes[NAME] = code
    for ask in (resolving.texts, resolving.addresses):
        with pytest.raises(UnavailableError, match="DNS gave no answer"):
            ask(NAME)


def test_a_server_that_is_silent_gave_no_answer(names: NameServer) -> None:
    names.is_silent = True
    silent = Names(timeout=0.2, resolver=names.resolver)
    for ask in (silent.texts, silent.addresses):
        with pytest.raises(UnavailableError, match="DNS did not answer in time"):
            ask(NAME)


def test_the_name_is_asked_for_as_it_is(names: NameServer) -> None:
    resolver = names.resolver
    resolver.search = [dns.name.from_text("inside.example")]
    resolver.use_search_by_default = True
    assert Names(timeout=2, resolver=resolver).texts(NAME) == []
    assert names.questions == [(NAME, "TXT")]
