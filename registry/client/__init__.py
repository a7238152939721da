"""The API from outside: what goes over the wire, and a client of it."""
