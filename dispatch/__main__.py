"""``python -m dispatch``: the same as the command ``dispatch``."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line."""
    from dispatch import interrupts

    interrupts.listen()  # before the imports below, one of which might swallow a Ctrl-C
    try:
        from dispatch.cli import run_cli

        run_cli()
    except KeyboardInterrupt:
        sys.stderr.write("stopped before anything was finished.\n")
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
