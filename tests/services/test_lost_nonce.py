"""A nonce that nobody has any more: whoever had it was not us, and the chain forgot."""

from dataclasses import replace
from datetime import timedelta

from registry.core.batch import BatchState
from registry.services.books import check_books
from tests.services.office import Office
from tests.services.test_anchoring import take_nonce


def test_a_gap_that_a_reorganisation_left_below_an_attempt_is_filled(
    own_office: Office,
) -> None:
    office = own_office
    impatient = replace(office, replace_after=timedelta(0))
    office.anvil.automine(on=False)
    gap = office.nonce()
    take_nonce(office, gap)
    office.anvil.mine()
    batch = office.advance(office.sealed("diploma"))
    office.anvil.mine()
    assert office.advance(batch).state is BatchState.ANCHORED
    office.anvil.reorganise(2)
    office.anvil.ask("anvil_dropAllTransactions")
    assert impatient.finish(batch).state is BatchState.FINAL
    assert [attempt.nonce for attempt in office.attempts(batch)][:2] == [gap + 1, gap]
    # What is left above is used up, unneeded as it is, and holds up nobody.
    other = office.sealed("certificate")
    assert impatient.finish(other).state is BatchState.FINAL
    assert (office.events(batch), office.events(other)) == (1, 1)
    assert check_books(office.store, [office.chain], office.issuer) == []
