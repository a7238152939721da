"""A run's figures as lines for the terminal."""

from collections.abc import Iterator

from bench.harness import Figure, Part


def lines(part: Part) -> Iterator[str]:
    """A part: its times by size, then its figures with their bars."""
    yield f"\n== {part.title}"
    if part.series:
        width = max(len(each.way) for each in part.series)
        for each in part.series:
            times = "  ".join(f"{size:,}: {_time(took)}" for size, took in each.seconds.items())
            yield f"   {each.way:{width}}  {times}"
    for figure in part.figures:
        yield f"   {_shown(figure)}"
    for note in part.notes:
        yield f"   {note}"


def missed(part: Part) -> list[Figure]:
    """The figures on the wrong side of their bars."""
    return [each for each in part.figures if each.bar and not each.bar.is_met(each.value)]


def _shown(figure: Figure) -> str:
    text = f"{figure.name}: {_number(figure.value)}{f' {figure.unit}' if figure.unit else ''}"
    if figure.bar is None:
        return text
    verdict = "met" if figure.bar.is_met(figure.value) else "MISSED"
    return f"{text} ({figure.bar.bound} {_number(figure.bar.value)}: {verdict})"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
