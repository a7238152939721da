"""Inline SVG: a frame with axes, and bars, dots and stepped lines in it.

Knows nothing of reports. Colours come from the page's style sheet, by class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from registry.reporting.scales import compact, date_ticks

# In units of the drawing: about pixels on a phone, where it is shown 264 wide.
WIDTH: Final = 320
HEIGHT: Final = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 12, 26
_SIGN: Final = 8  # as wide as a letter or digit of a label on a phone, at most
_WIDEST_BAR: Final = 24.0
_LOWEST_BAR: Final = 1.5  # so that one among hundreds is seen


@dataclass(frozen=True, slots=True)
class Frame:
    """Where days and values lie; `ticks` go from the lowest value shown to the highest."""

    first: int
    last: int
    ticks: Sequence[float]

    @property
    def left(self) -> int:
        """Where the ground begins: labels of the values stand before it."""
        return max(_SIGN * max(len(compact(tick)) for tick in self.ticks) + 8, _LEFT)

    def x(self, days: float) -> float:
        """From the left; `days` with a fraction, `last` being a whole day."""
        share = (days - self.first) / (self.last + 1 - self.first)
        return round(self.left + share * (WIDTH - self.left - _RIGHT), 1)

    def y(self, value: float) -> float:
        """From the top."""
        share = (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def drawing(frame: Frame, *, name: str, title: str, description: str) -> Element:
    """A picture with axes; `name` is unique in the page."""
    svg = Element(
        "svg",
        {
            "viewBox": f"0 0 {WIDTH} {HEIGHT}",
            "role": "img",
            "aria-labelledby": f"{name}-title",
            "aria-describedby": f"{name}-desc",
        },
    )
    SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    SubElement(svg, "desc", {"id": f"{name}-desc"}).text = description
    for tick in frame.ticks:
        _line(svg, "ground" if tick == 0 else "grid", frame.y(tick), frame.left, WIDTH - _RIGHT)
        _text(svg, compact(tick), frame.left - 6, frame.y(tick) + 4, "end")
    _dates(svg, frame)
    return svg


def _dates(svg: Element, frame: Frame) -> None:
    free = 0.0  # from where on there is room for a label
    for day, label in date_ticks(frame.first, frame.last):
        x = frame.x(day + 0.5)  # the day's middle
        SubElement(svg, "path", {"class": "tick", "d": f"M{x} {HEIGHT - _BOTTOM}v4"})
        half = len(label) * _SIGN / 2
        middle = min(max(x, half), WIDTH - half)
        if middle - half >= free:
            _text(svg, label, middle, HEIGHT - 8, "middle")
            free = middle + half + _SIGN


def draw_bars(
    svg: Element, frame: Frame, bars: Iterable[tuple[int, int, float, str]], *, kind: str
) -> None:
    """Bars from one day to before another, with a value and what it says; none for nothing."""
    for start, end, value, said in bars:
        if not value:
            continue
        left, right = frame.x(start), frame.x(end)
        width = min((right - left) * 0.8, _WIDEST_BAR)
        height = max(frame.y(0) - frame.y(value), _LOWEST_BAR)
        place = {
            "x": f"{(left + right - width) / 2:.1f}",
            "y": f"{frame.y(0) - height:.1f}",
            "width": f"{width:.1f}",
            "height": f"{height:.1f}",
        }
        SubElement(SubElement(svg, "rect", {"class": kind, **place}), "title").text = said


def draw_dots(
    svg: Element, frame: Frame, dots: Sequence[tuple[float, float, str]], *, kind: str
) -> None:
    """Dots at a time in days, with a value and what it says; smaller where there are many."""
    radius = "4" if len(dots) <= 30 else "2.6" if len(dots) <= 150 else "1.8"
    for days, value, said in dots:
        place = {"cx": str(frame.x(days)), "cy": str(frame.y(value)), "r": radius}
        SubElement(SubElement(svg, "circle", {"class": kind, **place}), "title").text = said


def draw_level(svg: Element, frame: Frame, value: float, label: str) -> None:
    """A line across at one value, with its name above its end."""
    _line(svg, "level", frame.y(value), frame.left, WIDTH - _RIGHT)
    _text(svg, label, WIDTH - _RIGHT, max(frame.y(value) - 5, _TOP), "end", "level-name")


def draw_steps(
    svg: Element, frame: Frame, points: Sequence[tuple[float, float]], *, kind: str
) -> None:
    """A line that stays until the next value, from nothing to the end of the frame."""
    path = [f"M{frame.x(frame.first)} {frame.y(0)}"]
    for days, value in points:
        path.append(f"H{frame.x(days)}V{frame.y(value)}")
    path.append(f"H{frame.x(frame.last + 1)}")
    SubElement(svg, "path", {"class": f"steps {kind}", "d": "".join(path)})


def sample_of(kind: str) -> str:
    """A short piece of a stepped line, for a legend."""
    box = {"class": "sample", "viewBox": "0 0 28 8", "aria-hidden": "true"}
    svg = Element("svg", box)
    SubElement(svg, "path", {"class": f"steps {kind}", "d": "M0 4H28"})
    return markup(svg)


def markup(svg: Element) -> str:
    """The picture for a page: all text and attributes in it are escaped."""
    return tostring(svg, encoding="unicode")


def _line(svg: Element, kind: str, y: float, left: float, right: float) -> None:
    ends = {"x1": str(left), "x2": str(right), "y1": str(y), "y2": str(y)}
    SubElement(svg, "line", {"class": kind, **ends})


def _text(svg: Element, text: str, x: float, y: float, anchor: str, kind: str = "scale") -> None:
    place = {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    SubElement(svg, "text", place).text = text
