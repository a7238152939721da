from pathlib import Path

import bench.__main__ as command
import pytest
from bench import trees
from bench.harness import OURS, Part, Way, take_turns
from bench.nights import ISSUER, Workspace, only_batch
from bench.processes import PEERS, Peer, run_measured
from bench.results import ratios, regressions

from registry.store import open_store

SIZE = 2_000


def measured(ours: Way) -> dict[str, float]:
    ways: dict[str, Way] = {OURS: ours, trees.BARE: trees.bare_loop}
    series = take_turns(ways, dict.fromkeys(ways, (SIZE,)), rounds=lambda _: 3)
    return ratios([Part("trees", "Tree build", "leaves", series, trees.ratio_figures(series))])


def test_a_way_that_became_slow_is_noticed() -> None:
    def slow(size: int) -> float:
        return sum(trees.ours(size) for _ in range(30))

    recorded = measured(trees.ours)
    (sentence,) = regressions(measured(slow), recorded)
    assert trees.BARE in sentence


def test_a_command_is_measured_as_its_user_runs_it(tmp_path: Path) -> None:
    megabytes = 200
    program = f"x = bytearray({megabytes} << 20); print('done', len(x) >> 20)"
    taken = run_measured(["/bin/sh", "-c", f'python3 -c "{program}"'], folder=tmp_path)
    assert taken.output == f"done {megabytes}\n"
    assert taken.megabytes > megabytes  # of the child's child
    assert taken.seconds > 0


def test_our_own_memory_is_not_taken_for_the_commands(tmp_path: Path) -> None:
    ballast = b"x" * (300 << 20)
    taken = run_measured(["/bin/true"], folder=tmp_path)
    assert taken.megabytes < 100 < len(ballast)


def test_a_command_that_fails_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"ended with 7: .*told why"):
        run_measured(["/bin/sh", "-c", "echo told why; exit 7"], folder=tmp_path)


def test_a_peer_answers_line_by_line() -> None:
    program = "while read line; do echo '{\"seconds\": 0.25}'; done"
    with Peer(["/bin/sh", "-c", program]) as peer:
        assert peer.seconds("tree", 10) == 0.25
        assert peer.seconds("tree", 20) == 0.25


def test_a_peer_that_ends_is_no_result() -> None:
    with Peer(["/bin/sh", "-c", "read line"]) as peer, pytest.raises(SystemExit, match="tree"):
        peer.seconds("tree", 10)


def test_peers_are_locked_without_hosts() -> None:
    npm = (PEERS / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in npm
    assert '"resolved"' not in npm
    pip = (PEERS / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in pip
    assert "http" not in pip


def test_a_store_of_any_size_is_made_once(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    url = workspace.sealed(300)
    assert workspace.sealed(300) == url
    store = open_store(url)
    head = only_batch(store).head
    assert head is not None
    assert head.tree_size == 300
    assert store.issuers() == [ISSUER]
    store.close()


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such part: trunks"):
        command.run(["trunks"], quick=True)
