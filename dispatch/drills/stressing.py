"""What is drawn to make an exercise harder: units, hydrants, roads and communications that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.drills.binding import COVER, bound
from dispatch.drills.checking import may_fail
from dispatch.drills.seeing import call_of
from dispatch.drills.wording import WORDS
from dispatch.errors import InfeasibleError
from dispatch.model.briefs import Entry
from dispatch.model.injects import Closure
from dispatch.roads.connected import parts
from dispatch.roads.network import RoadNetwork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.drills.drill import Drill
    from dispatch.drills.wording import Language
    from dispatch.engine.log import Log
    from dispatch.model.briefs import Stress

NEAR = 40
"""Roads that are looked at for a closure: those nearest to a drawn call."""

QUARTER = 0.25
"""Share of the exercise for which communications fail."""

SENDERS = {"unit": "crew", "hydrants": "water", "road": "street", "comms": "technicians"}
"""Who tells of a failure, by its kind, as words are called."""

TOLD_WITHIN = 300.0
"""Seconds in which a failure is to be made good (chosen here)."""


def stresses(
    drill: Drill, calm: Drill, log: Log, stress: Stress, luck: np.random.Generator, language: Language
) -> tuple[dict[str, Entry], dict[str, Closure]]:
    """Return the failures of an exercise as entries, with the closures that they begin.

    ``calm`` is the exercise with its drawn calls and no failures, ``log`` the model's play of it.
    """
    made = _Made(drill, calm, log, luck, language)
    made.whose = bound(calm.file, COVER, stress.objective)
    made.units(stress)
    made.hydrants(stress.hydrants)
    made.roads(stress.roads)
    if stress.slower_by is not None:
        made.comms(stress.slower_by)
    return made.entries, made.closures


class _Made:
    """Failures as they are drawn, one after the other."""

    def __init__(
        self, drill: Drill, calm: Drill, log: Log, luck: np.random.Generator, language: Language
    ) -> None:
        self.entries: dict[str, Entry] = {}
        self.closures: dict[str, Closure] = {}
        self.whose: dict[str, str] = {}
        self._drill, self._log, self._luck = drill, log, luck
        self._words = WORDS[language]
        self._taken = {*calm.file.entries, *calm.file.closures, *drill.base.file.closures}
        calls = [line.id for line in calm.lines if line.id not in drill.file.entries]
        numbers = [call_of(log, name) for name in calls]
        self._nodes = [int(log.timeline.node[number]) for number in numbers if number >= 0]

    def _name(self, word: str) -> str:
        """Return an id that nothing has yet."""
        number = 1
        while f"{word}-{number}" in self._taken:
            number += 1
        self._taken.add(f"{word}-{number}")
        return f"{word}-{number}"

    def _refuse(self, fact: str, remedy: str) -> InfeasibleError:
        return InfeasibleError(f"{self._drill.path.name} draw.stress: {fact}.", hint=remedy)

    def _moment(self, share: float = 1.0) -> float:
        """Return a whole second in the first part of the exercise."""
        return float(self._luck.integers(0, max(int(self._drill.file.lasts * share), 1)))

    def _add(self, name: str, at: float, kind: str, text: str, inject: dict[str, Any]) -> None:
        """Add a failure; what is expected then is for evaluators to see."""
        sender, told = self._words[SENDERS[kind]], self._words[f"{kind}_expected"]
        written = {"at": at, "from": sender, "to": self._words["centre"], "method": "radio", **self.whose}
        expects = [{"text": told, "by": min(TOLD_WITHIN, self._drill.file.lasts - at)}]
        made = {**written, "text": text, "inject": inject, "expects": expects}
        self.entries[name] = Entry.model_validate(made)

    def units(self, stress: Stress) -> None:
        """Let units fail, each at a moment of the first two thirds, to the end."""
        drill = self._drill
        among = may_fail(drill.file, drill.base, drill.base.layouts[drill.file.layout], drill.begins)
        for number in sorted(self._luck.permutation(len(among))[: stress.units].tolist()):
            unit = among[number]
            text = self._words["unit"].format(unit=unit)
            self._add(self._name("failure"), self._moment(2 / 3), "unit", text, {"outage": {"unit": unit}})

    def hydrants(self, count: int) -> None:
        """Let the hydrants of zones be dry from the start, those of drawn calls before others."""
        base = self._drill.base
        near = sorted({int(base.zone_of[node]) for node in self._nodes if base.zone_of[node] >= 0})
        others = [zone for zone in range(len(base.zones)) if zone not in near]
        order = [zones[i] for zones in (near, others) for i in self._luck.permutation(len(zones)).tolist()]
        for zone in order[:count]:
            name = base.zones[zone]
            written = base.file.zones.get(name)
            title = written.title if written is not None and written.title else name
            target = f"zone:{name}" if name in base.network.index else name
            text = self._words["hydrants"].format(where=title)
            self._add(self._name("dry"), 0.0, "hydrants", text, {"outage": {"hydrants": target}})

    def roads(self, count: int) -> None:
        """Close roads near drawn calls such that every place can still be reached from every other."""
        network = self._drill.base.network
        if not count:
            return
        assert isinstance(network, RoadNetwork)
        if not self._nodes:
            raise self._refuse("no drawn call comes in, near which roads are closed", "Take none.")
        shut = np.zeros(len(network.tail), dtype=np.bool_)
        for _ in range(count):
            node = self._nodes[int(self._luck.integers(len(self._nodes)))]
            link = self._road(network, node, shut)
            if link is None:
                raise self._refuse(
                    "no road near the calls can be closed without cutting places off", "Take fewer."
                )
            name = self._name("closed")
            self.closures[name] = Closure(links=(link,))
            text = self._words["road"].format(road=link, where=network.names[node] or network.node_ids[node])
            self._add(self._name("road"), self._moment(2 / 3), "road", text, {"close": name})

    def _road(self, network: RoadNetwork, node: int, shut: NDArray[np.bool_]) -> str | None:
        """Return a link near a node that may be shut, and note that it is; None where there is none."""
        middle_x = (network.x[network.tail] + network.x[network.head]) / 2
        middle_y = (network.y[network.tail] + network.y[network.head]) / 2
        narrow = np.cos(np.radians(network.y[node])) if network.geographic else 1.0
        away = np.hypot((middle_x - network.x[node]) * narrow, middle_y - network.y[node])
        order = np.argsort(away, kind="stable").tolist()
        near = list(dict.fromkeys(network.link_ids[arc] for arc in order[: 2 * NEAR] if not shut[arc]))[:NEAR]
        whole = parts(len(network.node_ids), network.tail, network.head)
        ids = np.array(network.link_ids)
        for number in self._luck.permutation(len(near)).tolist():
            closed = shut | (ids == near[number])
            left = parts(len(network.node_ids), network.tail[~closed], network.head[~closed])
            if len(np.unique(left)) == len(np.unique(whole)):
                shut |= closed
                return str(near[number])
        return None

    def comms(self, seconds: float) -> None:
        """Let communications fail for a quarter of the exercise."""
        lasts = self._drill.file.lasts * QUARTER
        inject = {"outage": {"comms": True, "slower_by": seconds, "for": lasts}}
        text = self._words["comms"].format(seconds=seconds)
        self._add(self._name("silence"), self._moment(1 - QUARTER), "comms", text, inject)
