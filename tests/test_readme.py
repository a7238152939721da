"""What the README claims is so."""

import re
from pathlib import Path

from registry.wiring import Settings, load_settings

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_settings_table_names_every_setting_with_default_and_meaning() -> None:
    section = README.split("## Settings")[1].split("## ")[0]
    rows = {
        name: (default.strip(" `"), meaning.strip())
        for name, default, meaning in re.findall(r"\| `(\w+)` \|(.*?)\| (.*?) \|", section)
    }
    shown = load_settings({}).shown()
    assert list(rows) == list(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        default, meaning = rows[name]
        assert meaning == field.description
        if not default.startswith("http"):  # only its host is ever shown
            assert default == shown[name]
