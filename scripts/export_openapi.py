"""Write the API's OpenAPI document to docs/openapi.json, or with --check compare it."""

import argparse
import json
import sys
from pathlib import Path

from api.app import create_app
from registry.wiring import Registry, Settings

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def main() -> int:
    """Exit code 0 if the document is, or now is, up to date; 1 if --check finds it stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check: bool = parser.parse_args().check
    text = openapi_text()
    if not check:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET} is stale: run python scripts/export_openapi.py", file=sys.stderr)
    return 1


def openapi_text() -> str:
    """The document as it is printed; opens neither store nor chain."""
    document = create_app(Registry(Settings.model_validate({}))).openapi()
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
