"""Finding what a command line names."""

from __future__ import annotations

import os
from pathlib import Path

from dispatch.errors import UsageError, did_you_mean


def network_folder(named: Path) -> Path:
    """Return the network folder of a path, or of a name under ``networks/``; or raise UsageError."""
    under = Path("networks") / named
    folder = under if not os.path.exists(named) and os.path.isdir(under) else named
    if not os.path.isfile(folder / "network.yaml"):  # os.path takes names that no file can have
        message = f"{named}: no network here (a folder with network.yaml)."
        known = [found.parent.name for found in Path("networks").glob("*/network.yaml")]
        raise UsageError(message, hint=did_you_mean(named.name, known))
    return folder
