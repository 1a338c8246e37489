"""Plans read from the catalogue, from files and from the scenario, put into one library and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dispatch.errors import Problems, ScenarioError, did_you_mean
from dispatch.io.catalogue import shipped_texts
from dispatch.io.validating import validate
from dispatch.io.yaml_source import parse_yaml, read_yaml
from dispatch.model.plans import PlanFile, PlanLibrary
from dispatch.scenario.grading import highest_level, scale
from dispatch.scenario.matching import REINFORCEMENT, KnownPlan, Library

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from dispatch.io.yaml_source import Path_, YamlDocument
    from dispatch.model.alarms import ScaleName
    from dispatch.model.plans import Plan
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.files import Folder

PARTS = ("classes", "key_units", "minimum_force", "plans")
"""What a source of plans may hold."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where plans are written."""

    name: str
    document: YamlDocument
    prefix: Path_ = ()
    """Keys above ``classes`` and the others."""
    shipped: bool = False
    plans_key: str = "plans"

    def place(self, part: str, *path: str | int) -> str:
        """Return the position of a part's value."""
        key = self.plans_key if part == "plans" else part
        return self.document.place(*self.prefix, key, *path)


@dataclass(slots=True)
class Merged:
    """What all sources say together."""

    library: PlanLibrary
    """As one library without catalogue and files."""
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    """Part and id → where it is written."""
    notes: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    """Titles of capabilities by the plans' words."""
    files: list[PlanFile] = field(default_factory=list)
    """The catalogue and the files, as read."""

    def place(self, part: str, name: str, *path: str | int) -> str:
        """Return the position of something in the source that wrote it."""
        return self.sources[part, name].place(part, name, *path)


def catalogue() -> dict[str, str]:
    """Return the texts of the plan catalogues that ship with the package, by name."""
    return shipped_texts("plans")


def shipped_library() -> tuple[Library, Merged]:
    """Return the catalogue's plans alone."""
    problems = Problems()
    merged = Merged(_emptied(PlanLibrary()))
    found = _shipped("default", problems)
    if found is not None:
        _join(merged, *found, problems)
    library = build(merged, problems, zones=None)
    problems.raise_if_any(ScenarioError)
    return library, merged


def merged_plans(file: ScenarioFile, folder: Folder) -> tuple[ScenarioFile, Merged | None]:
    """Return a scenario that holds all of its plans itself, and where they were written."""
    plans = file.plans
    if plans is None:
        return file, None
    merged = Merged(_emptied(plans))
    for found in _read(plans, folder):
        _join(merged, *found, folder.problems)
    own = Source("the scenario", folder.document, ("plans",), plans_key="own")
    written = {name: getattr(plans, "own" if name == "plans" else name) for name in PARTS}
    _join_parts(merged, written, own, folder.problems)
    return file.model_copy(update={"plans": merged.library}), merged


def _emptied(plans: PlanLibrary) -> PlanLibrary:
    """Return a library without catalogue, files and everything that can come from several sources."""
    empty: dict[str, Any] = {"classes": {}, "key_units": {}, "minimum_force": {}, "own": {}}
    return plans.model_copy(update={"catalogue": None, "files": (), **empty})


def _read(plans: PlanLibrary, folder: Folder) -> list[tuple[PlanFile, Source]]:
    """Return the catalogue and the files that a scenario cites, as far as they can be read."""
    found = []
    if plans.catalogue is not None:
        known = catalogue()
        if plans.catalogue in known:
            found.append(_shipped(plans.catalogue, folder.problems))
        else:
            where = folder.document.place("plans", "catalogue")
            remedy = f"{did_you_mean(plans.catalogue, known)} Or write null for none."
            folder.problems.add(where, f"no catalogue of plans '{plans.catalogue}'", remedy)
    for i, cited in enumerate(plans.files):
        path = folder.file(cited, "plans", "files", i)
        document = None if path is None else read_yaml(path, folder.problems)
        file = None if document is None else validate(PlanFile, document, folder.problems)[0]
        if file is not None and document is not None:
            found.append((file, Source(document.file, document)))
    return [each for each in found if each is not None]


def _shipped(name: str, problems: Problems) -> tuple[PlanFile, Source] | None:
    document = parse_yaml(catalogue()[name], f"{name}.yaml", problems)
    file = None if document is None else validate(PlanFile, document, problems)[0]
    if file is None or document is None:
        return None
    return file, Source(f"catalogue {name}", document, shipped=True)


def _join(merged: Merged, file: PlanFile, source: Source, problems: Problems) -> None:
    """Add what a file says."""
    merged.files.append(file)
    merged.words |= {word: title for word, title in file.words.items() if word not in merged.words}
    _join_parts(merged, {name: getattr(file, name) for name in PARTS}, source, problems)


def _join_parts(
    merged: Merged, parts: Mapping[str, Mapping[str, Any]], source: Source, problems: Problems
) -> None:
    """Add parts by id; one of the catalogue gives way, another one with the same id is a problem."""
    for part, written in parts.items():
        key = "own" if part == "plans" else part
        known = dict(getattr(merged.library, key))
        for name, value in written.items():
            earlier = merged.sources.get((part, name))
            if earlier is not None and not earlier.shipped:
                fact = f"'{name}' stands in {earlier.name}, too"
                problems.add(source.place(part, name), fact, "Keep one, or give it another id.")
                continue
            if earlier is not None:
                what = {"plans": "plan", "classes": "incident class"}.get(part, "minimum force of scale")
                merged.notes.append(
                    f"{what} '{name}' of {earlier.name} is replaced by that of {source.name}."
                )
            known[name] = value
            merged.sources[part, name] = source
        merged.library = merged.library.model_copy(update={key: known})


def build(
    merged: Merged,
    problems: Problems,
    zones: Collection[str] | None,
    extent: Callable[[KnownPlan], int] = lambda _: 0,
) -> Library:
    """Return the library with parents followed; every name that leads nowhere is noted.

    ``zones`` are those that exist, None where they are not known; ``extent`` counts the nodes of a plan.
    """
    builder = _Builder(merged, problems, zones)
    paths = {name: path for name in sorted(merged.library.classes) if (path := builder.path(name))}
    scales = {name: scale for name, path in paths.items() if (scale := builder.scale(name, path))}
    paths = {name: path for name, path in paths.items() if name in scales}
    plans = {}
    for name in sorted(merged.library.own):
        lineage = builder.lineage(name)
        plan = None if not lineage else builder.known(name, lineage, paths, scales)
        if plan is not None:
            plans[name] = replace(plan, extent=extent(plan))
    return Library(plans, paths, scales, merged.library.minimum_force)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Follows parents and checks names."""

    merged: Merged
    problems: Problems
    zones: Collection[str] | None

    def path(self, name: str) -> tuple[str, ...]:
        """Return a class and those above it; empty where a parent is missing or the way goes round."""
        classes, found = self.merged.library.classes, [name]
        while (parent := classes[found[-1]].parent) is not None:
            where = self.merged.place("classes", found[-1], "parent")
            if not self._may_follow(parent, found, where, "incident class", classes):
                return ()
            found.append(parent)
        return tuple(found)

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return a plan and its parents; empty where one is missing or the way goes round."""
        plans, found = self.merged.library.own, [name]
        while (parent := plans[found[-1]].parent) is not None:
            where = self.merged.place("plans", found[-1], "parent")
            if not self._may_follow(parent, found, where, "plan", plans):
                return ()
            found.append(parent)
        return tuple(found)

    def _may_follow(
        self, parent: str, found: list[str], where: str, what: str, known: Collection[str]
    ) -> bool:
        if parent not in known:
            self.problems.add(where, f"no {what} '{parent}'", did_you_mean(parent, known))
        elif parent in found:
            fact = f"{what} '{found[-1]}' is above itself: {' → '.join([*found, parent])}"
            self.problems.add(where, fact, "Let one of them have no parent.")
        return parent in known and parent not in found

    def scale(self, name: str, path: tuple[str, ...]) -> ScaleName | None:
        """Return the scale of a class: its own, or that of the nearest class above that states one."""
        classes = self.merged.library.classes
        found = next((scale for each in path if (scale := classes[each].scale) is not None), None)
        if found is None and len(path) == 1:
            fact = f"incident class '{name}' has neither a parent nor a scale"
            self.problems.add(self.merged.place("classes", name), fact, "Give 'parent', or 'scale'.")
        return found

    def known(
        self,
        name: str,
        lineage: tuple[str, ...],
        paths: Mapping[str, tuple[str, ...]],
        scales: Mapping[str, ScaleName],
    ) -> KnownPlan | None:
        """Return a plan with everything that its parents give it, or note what it lacks."""
        rows = [self.merged.library.own[each] for each in lineage]
        placed = next((row for row in rows if row.key_units or row.zones or row.area_classes), rows[-1])
        plan = KnownPlan(
            id=name,
            title=rows[0].title,
            origin=self.merged.sources["plans", name].name,
            assumed=rows[0].assumed,
            classes=next((row.classes for row in rows if row.classes), ()),
            levels=tuple(sorted(set(next((row.levels for row in rows if row.levels), ())))),
            key_units=placed.key_units,
            zones=placed.zones,
            area_classes=placed.area_classes,
            valid_from=next((row.valid_from for row in rows if row.valid_from is not None), None),
            valid_until=next((row.valid_until for row in rows if row.valid_until is not None), None),
            cards=tuple(row.cards for row in rows),
            reinforced_with=next((row.reinforced_with for row in rows if row.reinforced_with), REINFORCEMENT),
            lineage=lineage,
        )
        before = len(self.problems.found)
        self._check_names(name, rows[0])
        self._check_whole(plan, paths, scales)
        self._note_shrinking(name, rows[0])
        return plan if len(self.problems.found) == before else None

    def _check_names(self, name: str, plan: Plan) -> None:
        """Note classes and places that do not exist."""
        library = self.merged.library
        kinds = (
            ("classes", "incident class", plan.classes, library.classes),
            ("key_units", "key unit", plan.key_units, library.key_units),
            ("zones", "zone", plan.zones, plan.zones if self.zones is None else self.zones),
            ("area_classes", "area class", plan.area_classes, library.area_classes),
        )
        for key, what, given, known in kinds:
            for i, each in enumerate(given):
                if each not in known:
                    where = self.merged.place("plans", name, key, i)
                    self.problems.add(where, f"no {what} '{each}'", did_you_mean(each, known))

    def _check_whole(
        self, plan: KnownPlan, paths: Mapping[str, tuple[str, ...]], scales: Mapping[str, ScaleName]
    ) -> None:
        """Note what a plan lacks, with all that its parents give it."""
        where = self.merged.place("plans", plan.id)
        if not plan.classes:
            self.problems.add(where, f"plan '{plan.id}' names no incident class", "Give 'classes'.")
        if not any(card.units for cards in plan.cards for card in cards.values()):
            remedy = "Give 'cards: {1: {units: {…}}}', or a parent that has some."
            self.problems.add(where, f"plan '{plan.id}' has no card with units", remedy)
        begin, end = plan.valid_from, plan.valid_until
        if begin is not None and end is not None and end < begin:
            fact = f"plan '{plan.id}' is valid until {end}, before it is valid from {begin}"
            self.problems.add(where, fact, "Correct one of the dates.")
        under = [name for name, path in paths.items() if set(path) & set(plan.classes)]
        top = max((scale(scales[name]).top for name in under), default=highest_level())
        for level in sorted({*plan.levels, *plan.cards[0]}):
            if level > top:
                fact = f"plan '{plan.id}' names level {level}; the scale of its classes ends at {top}"
                self.problems.add(where, fact, "Remove it, or correct the class.")

    def _note_shrinking(self, name: str, plan: Plan) -> None:
        """Note for the reader where a written card asks for less than that of a lower level."""
        most: dict[str, tuple[int, int]] = {}
        for level, card in sorted(plan.cards.items()):
            if card.units is None:
                continue
            for word, (least, lower) in sorted(most.items()):
                has = card.units[word].units if word in card.units else 0
                if has < least:
                    self.merged.notes.append(
                        f"plan '{name}': level {level} says {has} {word}, level {lower} says {least}; "
                        f"{least} are sent, since a higher level only adds."
                    )
            most |= {word: max(most.get(word, (0, level)), (need.units, level))
                     for word, need in card.units.items()}  # fmt: skip
