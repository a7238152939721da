"""The API from outside: what goes over the wire, and a typed client.

from registry.client import Client

with Client("https://registry.example", api_key=KEY) as client:
    client.add_lines(open("roster.ndjson", "rb"))
    client.seal_batch()
for receipt in Client("https://registry.example").receipts(hashes): …

Receipts without an API, from what `rootseal export tiles` published:

from registry.client import StaticReceipts

StaticReceipts("https://cdn.example/academy").receipt(credential_hash)
"""

from registry.client.client import Client
from registry.client.static_source import StaticReceipts

__all__ = ["Client", "StaticReceipts"]
