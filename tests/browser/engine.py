"""The JavaScript engine, called from a test: everything in one page, bytes as base64."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any  # what JavaScript returns is JSON of any shape

from playwright.sync_api import Browser, Page

from tests.browser.modules_server import serve_modules

_PREPARE = """async () => {
  const load = (...names) => Promise.all(names.map((name) => import(`rootseal/${name}.js`)));
  const [address, baked, canonical, dates, digest, documents, inputs, receipt, tree, trust, verify]
    = await load("address", "baked", "canonical", "dates", "digest", "documents", "inputs",
      "receipt", "tree", "trust", "verify");
  const bytes = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  const text = (bytes) => new TextDecoder().decode(bytes);
  // What a call gives, or the code of its refusal; a bug stays an exception.
  const outcome = async (call) => {
    try {
      return { value: await call() };
    } catch (error) {
      if (error.name !== "InputError") throw error;
      return { refused: error.code, place: error.place };
    }
  };
  const each = (items, call) => Promise.all(items.map((item) => outcome(() => call(item))));
  Object.assign(globalThis, { address, baked, canonical, dates, digest, documents, inputs,
    receipt, tree, trust, verify: verify.verify, bytes, text, outcome, each });
}"""


class Engine:
    """A page with every module of the engine loaded, as globals."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, script: str, argument: object = None) -> Any:
        """Evaluate a JavaScript function in the page."""
        return self.page.evaluate(script, argument)

    def each(self, call: str, items: Sequence[object]) -> list[dict[str, Any]]:
        """What a JavaScript function gives for each item: `value`, or `refused` and `place`."""
        assert items, "no items to try"
        found = self.run(f"(items) => each(items, {call})", list(items))
        assert len(found) == len(items)
        return list(found)


@contextmanager
def open_engine(browser: Browser) -> Iterator[Engine]:
    """An engine in a profile of its own, while the context is open."""
    with serve_modules() as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        page.evaluate(_PREPARE)
        yield Engine(page)
        context.close()


def b64(data: bytes) -> str:
    """Bytes as the page reads them."""
    return base64.b64encode(data).decode()
