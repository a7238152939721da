"""The API from outside: what goes over the wire, and a typed client.

from registry.client import Client

with Client("https://registry.example", api_key=KEY) as client:
    client.add_lines(open("roster.ndjson", "rb"))
    client.seal_batch()
for receipt in Client("https://registry.example").receipts(hashes): …
"""

from registry.client.client import Client

__all__ = ["Client"]
