"""Emergency-response command and resource dispatch simulator.

``load`` a scenario, ``draw`` its luck, ``simulate`` a layout on it, ``measure`` the log; ``compare`` does all
of it for many replications and several layouts. Names are imported when first used, so that
``import dispatch`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatch.composition import simulate
    from dispatch.engine.board import Board
    from dispatch.engine.log import Log
    from dispatch.engine.whereabouts import Whereabouts, whereabouts
    from dispatch.errors import DispatchError
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.compare import Study, compare
    from dispatch.study.measures import measure
    from dispatch.study.opening import load
    from dispatch.timeline import Timeline, draw

_HOME = {
    "Board": "dispatch.engine.board",
    "DispatchError": "dispatch.errors",
    "Layout": "dispatch.scenario.layout",
    "Log": "dispatch.engine.log",
    "Scenario": "dispatch.scenario.scenario",
    "Study": "dispatch.study.compare",
    "Timeline": "dispatch.timeline",
    "Whereabouts": "dispatch.engine.whereabouts",
    "compare": "dispatch.study.compare",
    "draw": "dispatch.timeline",
    "load": "dispatch.study.opening",
    "measure": "dispatch.study.measures",
    "simulate": "dispatch.composition",
    "whereabouts": "dispatch.engine.whereabouts",
}

__all__ = [
    "Board",
    "DispatchError",
    "Layout",
    "Log",
    "Scenario",
    "Study",
    "Timeline",
    "Whereabouts",
    "compare",
    "draw",
    "load",
    "measure",
    "simulate",
    "whereabouts",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _HOME:
        message = f"module 'dispatch' has no attribute '{name}'"
        raise AttributeError(message)
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
