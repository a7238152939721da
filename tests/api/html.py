"""Reading a page as a browser would, as far as tests need it: elements, and their attributes."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_URLS = {"href", "src", "action", "content", "data", "poster", "formaction", "xlink:href"}
_STYLING = {"style", "srcdoc", "srcset", "ping"}


@dataclass
class Page(HTMLParser):
    """Every start tag of a page, and its text."""

    source: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        return [attributes["href"] for attributes in self.all("a")]


def assert_harmless(page: Page, *, host: str) -> None:
    """No script can run, and no browser is made to ask anybody but us."""
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "iframe", "object", "embed", "base", "style", "foreignobject"}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in _STYLING, (tag, name)
            if name in {"src", "action"} or (tag == "link" and attributes["rel"] == "stylesheet"):
                place = value if name != "rel" else attributes["href"]
                is_ours = place.startswith("/") and not place.startswith("//")
                is_picture = tag == "img" and place.startswith("data:image/")
                assert is_ours or is_picture, (tag, name, place[:80])
            elif name in _URLS and tag == "a":
                assert value.startswith(("/", "https://", "#", host)), (tag, name, value[:80])
                assert not value.startswith("//")
