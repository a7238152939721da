"""The API from outside: what goes over the wire, and a typed client.

from registry.client import Client

with Client("https://registry.example", api_key=KEY) as client:
client.add_lines(open("roster.ndjson", "rb"))
receipt = client.receipt(credential_hash)
"""

from registry.client.client import Client

__all__ = ["Client"]
