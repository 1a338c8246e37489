"""How commands end: exit codes and messages on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dispatch.errors import DispatchError

EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_STOPPED = -EXIT_INTERRUPTED
"""Inside this package: stopped by hand, and the person has been told what was finished."""


def complain(error: DispatchError) -> None:
    """Print an error to stderr, in red on a terminal."""
    typer.secho(str(error), fg="red" if sys.stderr.isatty() else None, err=True)
