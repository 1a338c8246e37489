"""``python -m dispatch``: the same as the command ``dispatch``."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from dispatch.cli import run_cli

    run_cli()


if __name__ == "__main__":
    main()
