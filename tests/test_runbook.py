"""What the runbook tells is so: unit files, crontab, events, exit codes and metrics."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry.cli.command import OVERDUE
from registry.services.monitoring import AlarmKind
from registry.wiring import Registry, Settings
from registry.wiring.metrics import FundsWatch, Metrics
from registry.wiring.monitors import MonitorWatch, Options, open_monitor

ROOT = Path(__file__).parent.parent
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
UNITS = ROOT / "docs" / "systemd"
LOUD = {"warning", "error", "critical", "exception"}
FIELDS = (("minute", 59), ("hour", 23), ("day", 31), ("month", 12), ("weekday", 7))
PROGRAM = "/opt/rootseal/.venv/bin/rootseal"


def events(folder: str) -> list[str]:
    """What is logged at WARNING or above below a folder; a text that is put together fails."""
    found = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="_log"), attr=level), args=[text, *_]
                ) if level in LOUD:
                    assert isinstance(text, ast.Constant), f"{file}:{node.lineno}"
                    found.append(str(text.value))
    return found


@pytest.mark.parametrize("folder", ["registry/services", "registry", "api"])
def test_every_event_that_needs_attention_is_explained(folder: str) -> None:
    found = events(folder)
    assert len(found) >= 3
    explained = set(re.findall(r"^\| `(.+?)` \|", RUNBOOK, re.MULTILINE))
    assert {text.replace("%s", "…") for text in found} - explained == set()


def test_every_exit_code_is_explained() -> None:
    module = vars(sys.modules["registry.cli.command"])  # whose name in the package is a function's
    codes = {value for name, value in module.items() if name.isupper() and type(value) is int}
    assert OVERDUE in codes
    section = RUNBOOK.split("## Exit codes")[1].split("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == codes


def test_every_metric_is_explained_and_no_other(tmp_path: Path) -> None:
    registry = Registry(
        Settings.model_validate(
            {
                "database": f"sqlite:///{tmp_path / 'r.db'}",
                "rpc_url": "http://127.0.0.1:9",
                "issuer": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            }
        )
    )
    metrics = Metrics(registry, lambda: registry.store)
    metrics.show_funds(FundsWatch(registry))
    options = Options(
        with_store=True,
        position=tmp_path / "position.json",
        every=None,
        sleep=lambda _: None,
        is_stopped=lambda: True,
    )
    metrics.show(MonitorWatch(open_monitor(registry, options)[0]))
    found = set(re.findall(r"^# TYPE (\w+) (?!unknown)", metrics.text().decode(), re.MULTILINE))
    registry.close()
    assert len(found) == 14
    assert set(re.findall(r"^\| `(rootseal_\w+)", RUNBOOK, re.MULTILINE)) == found


def test_every_kind_of_alarm_of_the_monitor_is_explained() -> None:
    section = RUNBOOK.split("## The monitor")[1].split("\n## ")[0]
    explained = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE))
    assert explained == {kind.value for kind in AlarmKind}


def test_every_command_it_names_is_there() -> None:
    named = set(re.findall(r"(?:bin/|`| )rootseal ([a-z]+)(?: ([a-z-]+))?", RUNBOOK))
    shown = subprocess.run(
        [sys.executable, "-c", "from registry.cli import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {"watch", "nightly", "operator", "audit"} <= {name for name, _ in named}
    assert [name for name, _ in named if not re.search(rf"│ {name} ", shown)] == []


# -- crontab and units


def crontab() -> list[str]:
    return re.findall(r"^    ((?:[0-9*/,-]+ ){5} *\S.*)$", RUNBOOK, re.MULTILINE)


def test_the_crontab_lines_parse() -> None:
    lines = crontab()
    assert len(lines) == 2
    for line in lines:
        *times, run = line.split(None, 5)
        for text, (name, highest) in zip(times, FIELDS, strict=True):
            assert is_cron_field(text, highest), (name, text)
        assert "%" not in run  # which cron takes for the end of the line
        assert PROGRAM in run


def is_cron_field(text: str, highest: int) -> bool:
    """Whether each part is `*`, a number or a range, within bounds."""
    for part in text.split(","):
        span = part.partition("/")[0]
        if span != "*" and not all(n.isdigit() and int(n) <= highest for n in span.split("-")):
            return False
    return True


def unit_files() -> list[Path]:
    return sorted(UNITS.iterdir())


def test_the_runbook_names_every_unit() -> None:
    assert [unit.name for unit in unit_files()] == [
        "rootseal-monitor.service",
        "rootseal-nightly.service",
        "rootseal-nightly.timer",
        "rootseal-watch.service",
    ]
    assert "rootseal-monitor.service" in RUNBOOK
    assert "rootseal-watch.service" in RUNBOOK
    assert "rootseal-nightly.*" in RUNBOOK
    assert "rootseal-nightly.timer" in RUNBOOK


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        assert not os.environ.get("CI"), "systemd-analyze is not installed"
        pytest.skip("systemd-analyze is not installed")
    program = shutil.which("true")
    assert program is not None
    for unit in unit_files():
        # systemd looks whether the program is there, and on this machine it is not.
        text = unit.read_text(encoding="utf-8").replace(PROGRAM, program)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [verify, "verify", *(str(tmp_path / unit.name) for unit in unit_files())],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in ran.stderr.splitlines() if "rootseal" in line]
    assert (ran.returncode, ours) == (0, []), ran.stderr


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("rootseal-watch.service", "keystore-password"),
        ("rootseal-nightly.service", "keystore-password"),
        ("rootseal-monitor.service", "webhook-secret"),
    ],
)
def test_the_services_are_hardened(name: str, secret: str) -> None:
    text = (UNITS / name).read_text(encoding="utf-8")
    for line in (
        "User=rootseal",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ReadWritePaths=/var/lib/rootseal",
        "Restart=on-failure",
        "LimitCORE=0",
    ):
        assert f"\n{line}\n" in text
    assert f"\nLoadCredential={secret}:" in text  # and no secret in the environment
    assert f"_FILE=%d/{secret}\n" in text
