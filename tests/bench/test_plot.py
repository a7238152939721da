from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from bench.harness import OURS, Part, Series
from bench.plot import THEMES, plot
from bench.results import read_results, write_results
from bench.trees import MERKLETOOLS

PARTS = {
    name: Part(
        name,
        f"Title of {name}",
        "leaves",
        [Series(OURS, {10: 0.1, 100: 1.0}), Series(MERKLETOOLS, {10: 0.2, 100: 2.5})],
    )
    for name in ("trees", "proofs", "audit")
}


def test_draws_a_file_of_results_for_light_and_dark_pages(tmp_path: Path) -> None:
    write_results(tmp_path / "bench.json", PARTS)
    paths = plot(read_results(tmp_path / "bench.json"), tmp_path / "images")
    assert [path.name for path in paths] == ["bench-light.svg", "bench-dark.svg"]
    for path, theme in zip(paths, THEMES.values(), strict=True):
        text = path.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 - our own file
        assert f"fill: {theme.page}" in text
        assert theme.ours in text
        assert "Title of trees" in text
        assert "Title of audit" not in text  # which has no curves to show


def test_the_same_results_give_the_same_files(tmp_path: Path) -> None:
    one, again = (plot(PARTS, tmp_path / name)[0].read_bytes() for name in ("one", "again"))
    assert one == again


def test_nothing_measured_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing to plot"):
        plot({"audit": PARTS["audit"]}, tmp_path)
