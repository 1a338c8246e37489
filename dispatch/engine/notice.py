"""One thing that a log has to tell beside calls and responses."""

from __future__ import annotations

from typing import NamedTuple


class Notice(NamedTuple):
    """One thing that was noted; sorts by moment."""

    moment: float
    """Seconds from the start."""
    what: str
    """A word or two, such as ``level raised``."""
    incident: str
    """Id of the call that it is about; empty for none."""
    unit: str
    """Id of the unit, or of the truck, that it is about; empty for none."""
    detail: str
    """In words, with its figures."""
