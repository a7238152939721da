"""The picture in README.md: time by size, us and others, on light and on dark pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl

from bench.documents import OPENATTESTATION
from bench.harness import OURS, Part, Series
from bench.intake import BADGES, HASHES
from bench.proofs import FROM_STORE
from bench.trees import BARE, MERKLETOOLS, OPENZEPPELIN, PYMERKLE

mpl.use("agg")  # no window, whatever the machine has

from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one kind of page."""

    page: str
    ink: str
    grid: str
    ours: str
    others: Sequence[str]


THEMES: Final = {
    "light": Theme("#ffffff", "#1f2328", "#d1d9e0", "#0969da", ("#9a6700", "#8250df", "#cf222e")),
    "dark": Theme("#0d1117", "#e6edf3", "#3d444d", "#58a6ff", ("#d29922", "#bc8cff", "#ff7b72")),
}
_PANELS: Final = ("trees", "documents", "intake", "proofs")
_OTHERS: Final = (MERKLETOOLS, PYMERKLE, OPENZEPPELIN, OPENATTESTATION)
_SHAPES: Final = {MERKLETOOLS: "s", PYMERKLE: "^", OPENZEPPELIN: "D", OPENATTESTATION: "v"}
_DASHED: Final = (BARE, HASHES)
# Any: matplotlib names each setting in a type of its own.
_STYLE: Final[dict[Any, object]] = {
    "font.family": "DejaVu Sans",  # matplotlib's own, so that every machine draws the same
    "font.size": 10,
    "svg.hashsalt": "rootseal",  # ids in the file follow from this and not from chance
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot(parts: Mapping[str, Part], folder: Path) -> list[Path]:
    """Write `bench-light.svg` and `bench-dark.svg`; the panels of parts that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_draw(parts, theme, folder / f"bench-{name}.svg") for name, theme in THEMES.items()]


def _draw(parts: Mapping[str, Part], theme: Theme, path: Path) -> Path:
    shown = [parts[name] for name in _PANELS if name in parts]
    if not shown:
        raise SystemExit(f"nothing to plot: none of {', '.join(_PANELS)} was measured")
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    colours: dict[Any, object] = {
        "figure.facecolor": theme.page,
        "axes.facecolor": theme.page,
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.edgecolor": theme.grid,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
    }
    with mpl.rc_context({**_STYLE, **colours}):
        figure, axes = plt.subplots(
            rows, columns, figsize=(6.4 * columns, 4.2 * rows), squeeze=False, layout="constrained"
        )
        for place, part in zip(axes.flat, shown, strict=False):
            _panel(place, part, theme)
        for place in axes.flat[len(shown) :]:
            place.set_visible(False)
        # Without a date: the same figures give the same file.
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path


def _panel(place: "Axes", part: Part, theme: Theme) -> None:
    for each in part.series:
        _line(place, each, theme)
    place.set_xscale("log")
    place.set_yscale("log")
    place.set_title(part.title, loc="left", fontweight="bold", fontsize=11)
    place.set_xlabel(part.of)
    place.set_ylabel("seconds")
    place.grid(visible=True, color=theme.grid, linewidth=0.5)
    # Below, where no line is.
    place.legend(
        frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16)
    )


def _line(place: "Axes", series: Series, theme: Theme) -> None:
    is_ours = series.way.startswith(OURS)
    is_other = series.way in _OTHERS
    colour = theme.ours if is_ours else theme.ink
    if is_other:
        colour = theme.others[_OTHERS.index(series.way) % len(theme.others)]
    place.plot(
        list(series.seconds),
        list(series.seconds.values()),
        label=_label(series),
        color=colour,
        marker=_SHAPES.get(series.way, "o"),
        markersize=4,
        linewidth=2 if is_ours else 1.2,
        linestyle="--" if series.way in _DASHED or series.way == FROM_STORE else "-",
    )


def _label(series: Series) -> str:
    exponent = series.exponent()
    # Of whole commands it would be flattered by their start-up: the table has theirs.
    if exponent is None or series.way in {BADGES, HASHES}:
        return series.way
    return f"{series.way}, ~ n^{exponent:.2f}"
