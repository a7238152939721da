"""The command `rootseal`, and `python -m registry`.

Apart from the command line, which takes a second to import: processes that the command starts
import its main module, too.
"""


def main() -> None:
    """Run the command line."""
    from registry.cli import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
