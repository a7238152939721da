"""The verifier that runs in a browser: its files, and the page put together from them."""
