import json
from datetime import timedelta
from importlib.resources import files

import jsonschema_rs

from registry.chain import EvmChain
from registry.chain.recorded import RecordedHistory
from registry.reporting import anchors_csv, html_report, summary_lines
from registry.services.audit import AuditOptions, AuditReport, audit, print_report
from registry.services.disclosing import StoreDisclosure
from registry.services.ports import CredentialStatus
from tests.api.html import Page
from tests.services.office import Office
from tests.services.planting import change_status


def audited(office: Office, chain: EvmChain) -> AuditReport:
    disclosure = StoreDisclosure(office.store, office.issuer)
    sizes = {batch.seal: batch.tree_size for batch in disclosure.batches()}
    record = chain.record(office.issuer, sizes, number=None, step=lambda *_: None)
    options = AuditOptions("rootseal 0", timedelta(hours=26), timedelta(days=7))
    return audit(
        [RecordedHistory(record)], disclosure, batches=disclosure.batches(), options=options
    )


def test_an_audit_of_a_real_chain_is_shown_in_every_form(office: Office, chain: EvmChain) -> None:
    for night in range(3):
        office.final(*[f"night {night}, {place}" for place in range(2)])
    change_status(office, CredentialStatus.REVOKED, "night 1, 1")
    office.anvil.mine(3)
    made = audited(office, chain)
    schema = (files("registry.services.audit") / "report.schema.json").read_text(encoding="utf-8")
    jsonschema_rs.Draft202012Validator(json.loads(schema)).validate(json.loads(print_report(made)))
    page = Page(html_report(made).decode())
    for anchor in made.chains[0].anchors:
        assert f"tx-31337-0x{anchor.transaction.hex()}" in [row.get("id") for row in page.all("tr")]
        assert anchor.seal.hex().encode() in anchors_csv(made)
    assert summary_lines(made)[0] == "Nothing found"
    assert "1 status change" in " ".join(summary_lines(made))
