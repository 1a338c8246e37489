"""What can be wrong with supplies beyond single values: units of items, trucks, deadlines, resupply."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.model.amounts import MASSES, VOLUMES
from dispatch.scenario.items import WATER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.supplies import Item, Truck
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.supplies import DepotSite, KnownNeed, TruckKind

    Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Checker:
    """Notes what is wrong, each at its place."""

    document: YamlDocument
    problems: Problems

    def note(self, path: Path_, fact: str, remedy: str) -> None:
        """Note one problem."""
        self.problems.add(self.document.place(*path), fact, remedy)

    def items(self, written: Mapping[str, Item]) -> None:
        """Note units in which no amount could be written, or which are not those that amounts come in."""
        for name, item in sorted(written.items()):
            path, unit = ("items", name, "unit"), item.unit
            known = {**dict.fromkeys(MASSES, "kg"), **dict.fromkeys(VOLUMES, "l")}.get(unit.lower())
            if name == WATER and unit != "l":
                self.note(path, f"water is counted in l, not in {unit}", "Write 'l'.")
            elif known not in (None, unit):
                remedy = f"Write '{known}'; amounts of it may be written in any unit of the same kind."
                self.note(path, f"nothing is counted in '{unit}' here", remedy)
            elif not unit[0].isalpha() or any(letter.isspace() or letter == "/" for letter in unit):
                fact = f"amounts in '{unit}' could not be written"
                self.note(path, fact, "Write one word that begins with a letter, such as 'bag'.")

    def need(self, need: KnownNeed, path: Path_) -> None:
        """Note a deadline after the moment at which nobody wants it any more."""
        if need.wanted_for < need.within < inf:
            fact = f"the deadline ({need.within:g} s) is after 'wanted_for' ({need.wanted_for:g} s)"
            self.note((*path, "within"), fact, "Give an earlier one, or a longer 'wanted_for'.")

    def truck(self, kind: TruckKind, written: Truck, items: Sequence[KnownItem], path: Path_) -> None:
        """Note a truck that carries nothing, or less than a piece of what it is said to carry."""
        for key, most in (("payload", written.payload), ("volume", written.volume)):
            if most is not None and most.unit and most.value == 0.0:
                self.note((*path, key), "a truck that carries nothing", "Give what it carries.")
        if 0.0 in (kind.kg, kind.litres):
            return
        by_id = {item.id: item for item in items}
        for i, name in enumerate(written.carries):
            item = by_id.get(name)
            if item is not None and kind.load(item) < 1:
                size = f"{item.kg:g} kg" + (f" and {item.litres:g} l" if item.litres > 0.0 else "")
                fact = f"not even one {item.unit} of '{name}' ({size}) fits on this truck"
                self.note((*path, "carries", i), fact, "Leave it out, or give a larger truck.")

    def resupply(
        self, layout: str, sites: Sequence[DepotSite], paths: Mapping[str, Path_], known: Sequence[str]
    ) -> None:
        """Note depots that are resupplied from one that is not there, or from themselves in a circle."""
        supplier = {site.id: site.supplier for site in sites}
        for site in sites:
            path = (*paths[site.id], "resupply", "from")
            if site.supplier and site.supplier not in supplier:
                fact = f"layout '{layout}' has no depot '{site.supplier}' to resupply '{site.id}' from"
                meant = f"Keep '{site.supplier}' in the layout."
                if site.supplier not in known:
                    meant = did_you_mean(site.supplier, set(supplier) - {site.id})
                self.note(path, fact, f"{meant} Or leave 'from' out for goods from outside.".lstrip())
                continue
            chain = [site.id]
            while (above := supplier.get(chain[-1], "")) and above not in chain:
                chain.append(above)
            if above == site.id and site.id == min(chain):
                fact = f"depots are resupplied in a circle: {' from '.join([*chain, above])}"
                self.note(path, fact, "Let one of them be resupplied from outside: leave 'from' out.")
