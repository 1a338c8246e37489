"""Finding what a command line names."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.scenario.scenario import Scenario


def network_folder(named: Path) -> Path:
    """Return the network folder of a path, or of a name under ``networks/``; or raise UsageError."""
    under = Path("networks") / named
    folder = under if not os.path.exists(named) and os.path.isdir(under) else named
    if not os.path.isfile(folder / "network.yaml"):  # os.path takes names that no file can have
        message = f"{named}: no network here (a folder with network.yaml)."
        known = [found.parent.name for found in Path("networks").glob("*/network.yaml")]
        raise UsageError(message, hint=did_you_mean(named.name, known))
    return folder


def moment_of(text: str, scenario: Scenario, option: str = "--at") -> float:
    """Return the seconds from the start of a scenario to the moment that a command line names.

    ``text`` is a number of seconds or a duration from the start, or a date and time with its time zone.
    Raises UsageError for anything else, and for moments before the start.
    """
    from dispatch.model.base import parse_duration

    start, text = scenario.file.start, text.strip()
    try:
        if text[:4].isdecimal() and text[4:5] == "-":
            return _since(start, text, option)
        seconds = parse_duration(float(text) if text.replace(".", "", 1).isdecimal() else text)
        _ = start + timedelta(seconds=seconds)  # so that there is a date to tell
    except (ValueError, OverflowError):
        message = f"{option} {text}: not a moment after the scenario's start."
        hint = f"Write a time from the start such as '8 h', or a date such as {start.isoformat()}."
        raise UsageError(message, hint=hint) from None
    return seconds


def _since(start: datetime, text: str, option: str) -> float:
    """Return the seconds from the start to a date and time; raises ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        example = moment.replace(tzinfo=start.tzinfo).isoformat()
        message = f"{option} {text}: a date without its time zone."
        raise UsageError(message, hint=f"Write {example} for the zone of the scenario's start.")
    seconds = (moment - start).total_seconds()
    if seconds < 0.0:
        message = f"{option} {text}: is before the scenario's start, {start.isoformat()}."
        raise UsageError(message, hint="Name a later moment.")
    return seconds


def check_target(out: Path, inputs: Iterable[Path]) -> None:
    """Raise UsageError where a result would replace a folder, a file that is read, or one of a network."""
    if os.path.isdir(out):
        message = f"{out}: is a folder."
        raise UsageError(message, hint="Name a file in it.")
    if any(os.path.realpath(out) == os.path.realpath(path) for path in inputs):
        message = f"{out}: is read by this command."
        raise UsageError(message, hint="Name another file for the result.")
    beside = os.path.join(os.path.dirname(os.path.realpath(out)), "network.yaml")
    if os.path.exists(out) and os.path.isfile(beside):
        message = f"{out}: is a file of a network."
        raise UsageError(message, hint="Name a new file, so that nothing is lost.")
