from pathlib import Path

from alembic.script import ScriptDirectory

import registry.store
from registry.store.opening import CURRENT_FORM


def test_current_form_is_the_newest_migration() -> None:
    folder = Path(registry.store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == CURRENT_FORM
