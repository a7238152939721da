"""Pages of badges, as Open Badges 3.0 §6.4 wants them: `Link` and `X-Total-Count`."""

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a list of `total` a page is."""

    offset: int
    limit: int
    total: int
    since: str | None = None

    def headers(self, url: str) -> dict[str, str]:
        """The headers of an answer with this page, of a list at `url`."""
        links = ", ".join(
            f'<{url}?{self._query(offset)}>; rel="{name}"' for name, offset in self._places()
        )
        return {"X-Total-Count": str(self.total), "Link": links}

    def _places(self) -> list[tuple[str, int]]:
        last = max(self.total - 1, 0) // self.limit * self.limit
        places = [("first", 0), ("last", last)]
        if self.offset + self.limit < self.total:
            places.insert(0, ("next", self.offset + self.limit))
        if self.offset > 0:
            places.append(("prev", max(self.offset - self.limit, 0)))
        return places

    def _query(self, offset: int) -> str:
        since = {} if self.since is None else {"since": self.since}
        return urlencode({"limit": self.limit, "offset": offset, **since})
