"""A script that people edited in a spreadsheet, read back: what is as it was written stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dispatch.drills.drawing import free_names
from dispatch.drills.drill import resolved
from dispatch.drills.moments import seconds_of
from dispatch.drills.script import Row, cells, clock_text, deadline_text, rows
from dispatch.drills.sheets import Fault, plain, text_of
from dispatch.errors import InputError, Problems, did_you_mean
from dispatch.io.yaml_source import dotted_path
from dispatch.io.yaml_writing import as_written
from dispatch.model.briefs import Action, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill, Line
    from dispatch.drills.sheets import Sheet, SheetCell, Vocabulary
    from dispatch.model.briefs import DrillFile

SAME = 0.01
"""Seconds by which a spreadsheet's time may differ from what was written."""

TEXTS = {
    "from": "from", "to": "to", "description": "text", "objective": "objective",
    "contingency_of": "contingency_of", "controller": "controller", "evaluator": "evaluator",
}  # fmt: skip
"""Columns of texts with the keys of an entry that they are."""

PLACES = {"from": "from", "sender": "from", "text": "description", "when": "trigger",
          "expects": "expected_action"}  # fmt: skip
"""Keys of an entry with the columns that show them under another name."""

BY_HAND = ("status", "response_note", "rating")
"""Columns for notes during play."""

DERIVED = ("wall", "plan_ref", "condition", "inject", "location")
"""Columns that only show what follows from others."""

BEGUN = ("at", "description")
"""Columns without which no row can be an entry."""


@dataclass(slots=True)
class _Editing:
    """What has been read so far."""

    drill: Drill
    words: Vocabulary
    problems: Problems = field(default_factory=Problems)
    notes: list[str] = field(default_factory=list)
    places: dict[str, Mapping[str, SheetCell]] = field(default_factory=dict)


def edited(drill: Drill, sheet: Sheet, words: Vocabulary) -> tuple[Drill, tuple[str, ...]]:
    """Return an exercise with the script of a sheet, and what is to be told of it.

    Raises InputError with every cell that cannot be taken. A row with an unknown id, or none, is a new entry;
    an entry without a row, or with no more than its id in it, is taken out.
    """
    work = _Editing(drill, words)
    known = {row.line.id: row for row in rows(drill)}
    alike = {plain(name): name for name in known}
    free = free_names(drill, "entry")
    entries: dict[str, Entry] = {}
    for row in sheet.rows:
        if _has_faults(row, work):
            continue
        given = _name(row, work) or next(free)
        name = given if given in known else alike.get(plain(given), given)
        if _is_bare(row, is_known=name in known):
            work.notes.append(f"{row['id'].place}: nothing is said in this row; it is left out.")
            continue
        if name in work.places:
            work.problems.add(row["id"].place, f"the id '{name}' stands in two rows", "Give another id.")
            continue
        work.places[name] = row
        entry = _entry(name, row, known.get(name), work)
        if entry is not None:
            entries[name] = entry
    if known and not work.places and not work.problems.found:
        work.problems.add(sheet.name, "has no rows", "Leave at least one entry in it.")
    _tell_of_rows(known, entries, work)
    if any(_says(row, BY_HAND) for row in sheet.rows):
        work.notes.append(f"{sheet.name}: {', '.join(BY_HAND)} are notes of a play, and are not kept.")
    work.problems.raise_if_any(InputError)
    file = drill.file.model_copy(update={"entries": entries})
    changed = resolved(drill.path, file, drill.scenario_path, Problems(), _placed(drill, work))
    return changed, (*sheet.notes, *work.notes)


def in_order(drill: Drill) -> DrillFile:
    """Return the content of an exercise with its entries in order of time."""
    entries = {line.id: line.entry for line in drill.lines}
    return drill.file.model_copy(update={"entries": entries})


def _placed(drill: Drill, work: _Editing) -> Callable[..., str]:
    """Return what tells the cell in which the value of a path of keys stands."""

    def place(*keys: str | int) -> str:
        row = work.places.get(str(keys[1])) if len(keys) > 1 and keys[0] == "entries" else None
        if row is None:
            return f"{drill.path.name} {dotted_path(keys)}"
        key = str(keys[2]) if len(keys) > 2 else "id"
        cell = row.get(PLACES.get(key, key)) or row["id"]
        return cell.place

    return place


def _tell_of_rows(known: Mapping[str, Row], entries: Mapping[str, Entry], work: _Editing) -> None:
    gone = [name for name in known if name not in work.places]
    new = [name for name in entries if name not in known]
    for names, what in ((gone, "taken out"), (new, "new")):
        if names:
            work.notes.append(f"{what}: {', '.join(names)}.")


def _says(row: Mapping[str, SheetCell], columns: Iterable[str]) -> bool:
    """Whether any of some cells of a row says anything."""
    return any(plain(text_of(row[column].value)) for column in columns if column in row)


def _is_bare(row: Mapping[str, SheetCell], *, is_known: bool) -> bool:
    """Whether a row is no entry: it has an id at most, or beside it what is never read."""
    aside = ("id",) if is_known else ("id", *DERIVED, *BY_HAND)
    return any(key in row for key in BEGUN) and not _says(row, [key for key in row if key not in aside])


def _has_faults(row: Mapping[str, SheetCell], work: _Editing) -> bool:
    """Whether formulas of a row have failed where it is read; each is noted."""
    failed = [
        row[key] for key in row if key not in (*DERIVED, *BY_HAND) and isinstance(row[key].value, Fault)
    ]
    for cell in failed:
        work.problems.add(cell.place, f"its formula gives {cell.value}", "Correct it, or write the value.")
    return bool(failed)


def _name(row: Mapping[str, SheetCell], work: _Editing) -> str:
    """Return the id of a row; empty for none."""
    name = text_of(row["id"].value)
    if any(c in "[],=\n\t" for c in name) or len(name) > 120:
        fact = f"{name[:40]!r} cannot be an id"
        work.problems.add(row["id"].place, fact, "Leave out brackets, commas and equals signs.")
    return name


def _entry(name: str, row: Mapping[str, SheetCell], before: Row | None, work: _Editing) -> Entry | None:
    """Return the entry of a row; None with its problems noted, where it cannot be taken."""
    found = len(work.problems.found)
    line = None if before is None else before.line
    shown: dict[str, Cell] = {} if before is None else cells(before)
    changes: dict[str, Any] = {}
    at = _moment(row, line, changes, work)
    for column, key in TEXTS.items():
        if column in row and not _is_same(row[column].value, shown.get(column), work):
            said = text_of(row[column].value) if _says(row, [column]) else ""
            changes[key] = said or ("" if key in ("from", "to", "text") else None)
    _choose("method", row, work.words.methods, changes, line, work)
    _choose("trigger", row, work.words.triggers, changes, line, work)
    _check_trigger(row, line, changes, work)
    _note_derived(name, row, shown, work)
    if not changes.get("text", True) or (line is None and "text" not in changes):
        place = row.get("description", row["id"]).place
        work.problems.add(place, "nothing is said", "Write what is told, or delete the row.")
    planned = _will_be_planned(line, changes)
    expects = _expects(name, row, line, at, work, planned=planned)
    if expects is not None:
        changes["expects"] = expects
    if len(work.problems.found) > found:
        return None
    return _made(line, changes, row, work)


def _made(
    line: Line | None, changes: dict[str, Any], row: Mapping[str, SheetCell], work: _Editing
) -> Entry | None:
    """Return an entry with what was changed."""
    if line is not None and not changes:
        return line.entry
    expects = changes.pop("expects", None if line is None else line.entry.expects)
    written = {} if line is None else as_written(line.entry)
    written = {key: value for key, value in {**written, **changes}.items() if value is not None}
    written.pop("expects", None)
    try:
        entry = Entry.model_validate(written)
    except ValidationError as error:
        for each in error.errors():
            key = str(each["loc"][0]) if each["loc"] else "id"
            cell = row.get(PLACES.get(key, key)) or row["id"]
            work.problems.add(cell.place, str(each["msg"]), "Correct the cell.")
        return None
    return entry.model_copy(update={"expects": tuple(expects or ())})


def _moment(
    row: Mapping[str, SheetCell], line: Line | None, changes: dict[str, Any], work: _Editing
) -> float | None:
    """Return when an entry is delivered [s of play], noting it among the changes; None for a problem."""
    cell = row.get("at")
    if cell is None or text_of(cell.value) == "":
        if line is None:
            place = (cell or row["id"]).place
            work.problems.add(place, "a new entry without a time", "Give T+, such as 0:12:00.")
            return None
        if cell is not None:
            work.problems.add(cell.place, "the time is missing", "Give T+, such as 0:12:00.")
        return line.at
    try:
        at = seconds_of(cell.value)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        work.problems.add(cell.place, fact, remedy)
        return None
    if line is not None and abs(at - line.at) < SAME:
        return line.at
    if not at < work.drill.file.lasts:
        fact = f"T+{clock_text(at)} is after ENDEX (T+{clock_text(work.drill.file.lasts)})"
        work.problems.add(cell.place, fact, "Give a time within the exercise.")
        return None
    changes["at"] = at
    return at


def _choose(
    column: str,
    row: Mapping[str, SheetCell],
    known: Mapping[str, str],
    changes: dict[str, Any],
    line: Line | None,
    work: _Editing,
) -> None:
    """Note the choice of a cell among the changes."""
    cell = row.get(column)
    word = "" if cell is None else " ".join(text_of(cell.value).lower().split())
    if cell is None or not word:
        return
    if word not in known:
        fact = f"'{text_of(cell.value)[:40]}' is no {column}"
        work.problems.add(cell.place, fact, did_you_mean(word, known))
    elif line is None or getattr(line.entry, column) != known[word]:
        changes[column] = known[word]


def _check_trigger(
    row: Mapping[str, SheetCell], line: Line | None, changes: dict[str, Any], work: _Editing
) -> None:
    """Let a condition go where the trigger is another one now; refuse one that would have no condition."""
    chosen = changes.get("trigger")
    has_condition = line is not None and line.entry.when is not None
    if chosen == "condition" and not has_condition:
        fact = "a sheet cannot say a condition"
        work.problems.add(row["trigger"].place, fact, "Choose time or manual, or write 'when' in the file.")
    elif chosen is not None and has_condition and chosen != "condition":
        changes["when"] = None


def _note_derived(name: str, row: Mapping[str, SheetCell], shown: Mapping[str, Cell], work: _Editing) -> None:
    """Tell of cells that were changed though they only show what follows from others."""
    for column in DERIVED:
        if column not in row or row[column].value is None:
            continue
        value = row[column].value
        if column == "wall" and not isinstance(value, str):
            continue
        if not _is_same(value, shown.get(column), work):
            work.notes.append(f"{row[column].place}: not read; it only shows what entry '{name}' does.")


def _will_be_planned(line: Line | None, changes: Mapping[str, Any]) -> bool:
    trigger = changes.get("trigger", "time" if line is None else line.entry.trigger)
    cited = changes.get("contingency_of", None if line is None else line.entry.contingency_of)
    return trigger == "time" and cited is None


def _expects(
    name: str,
    row: Mapping[str, SheetCell],
    line: Line | None,
    at: float | None,
    work: _Editing,
    *,
    planned: bool,
) -> tuple[Action, ...] | None:
    """Return the expected actions of a row; None where they are as they were, or for a problem."""
    if "expected_action" not in row:
        return None
    old = () if line is None else line.entry.expects
    due = [] if line is None else [deadline_text(line, action) for action in old]
    texts, limits = _lines(row["expected_action"]), _limits(row, due)
    if [plain(text) for text in texts] == [plain(a.text) for a in old] and limits == due:
        return None
    place = row.get("expected_by", row["expected_action"]).place
    if len(texts) != len(limits):
        fact = f"{len(texts)} expected actions, {len(limits)} times"
        work.problems.add(place, fact, "Write one of each on each line.")
        return None
    found: list[Action] = []
    for number, (text, limit) in enumerate(zip(texts, limits, strict=True)):
        base = _matching(text, number, len(texts), old, {plain(each) for each in texts})
        before = None if base < 0 else (due[base], old[base].by)
        by = _limit(limit, before, at, place, work, is_planned=planned)
        if by is None:
            continue
        if base < 0:
            work.notes.append(
                f"{row['expected_action'].place}: '{text[:40]}' is left to an evaluator ({name})."
            )
            found.append(Action(text=text, by=by))
        else:
            kept = old[base].text if plain(old[base].text) == plain(text) else text
            found.append(old[base].model_copy(update={"text": kept, "by": by}))
    return tuple(found)


def _lines(cell: SheetCell) -> list[str]:
    return [part.strip() for part in text_of(cell.value).splitlines() if part.strip()]


def _limits(row: Mapping[str, SheetCell], due: list[str]) -> list[Any]:
    """Return the times of a row, a line each, as they stand in the cell."""
    if "expected_by" not in row:
        return list(due)
    cell = row["expected_by"]
    return list(_lines(cell)) if isinstance(cell.value, str) else [] if cell.value is None else [cell.value]


def _matching(text: str, number: int, count: int, old: tuple[Action, ...], said: set[str]) -> int:
    """Return which action a line is about: one that says the same, or else that of its place; -1 for none."""
    same = [index for index, action in enumerate(old) if plain(action.text) == plain(text)]
    if same:
        return number if number in same else same[0]
    return number if count == len(old) and plain(old[number].text) not in said else -1


def _limit(
    limit: Any,
    before: tuple[str, float] | None,
    at: float | None,
    place: str,
    work: _Editing,
    *,
    is_planned: bool,
) -> float | None:
    """Return the seconds after delivery that are allowed; None with the problem noted.

    ``before`` is how the limit was written, and the seconds: one that is as it was moves with its entry.
    """
    try:
        has_plus, seconds = _moment_of(limit)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        work.problems.add(place, fact, remedy)
        return None
    if before is not None:
        had_plus, shown = _moment_of(before[0])
        if has_plus == had_plus and abs(seconds - shown) < SAME:
            return before[1]
    by = seconds if has_plus or not is_planned else seconds - (at or 0.0)
    if at is not None and by <= 0.0:
        fact = "expected before the entry is delivered"
        work.problems.add(place, fact, "Give a later time, or one such as +0:05:00 after the entry.")
        return None
    return by


def _moment_of(limit: Any) -> tuple[bool, float]:
    """Return whether a limit has a plus, and its seconds; raises ValueError as ``seconds_of`` does."""
    has_plus = isinstance(limit, str) and limit.startswith("+")
    return has_plus, seconds_of(limit.removeprefix("+") if has_plus else limit)


def _is_same(value: object, shown: Cell, work: _Editing) -> bool:
    """Whether a cell says what was written into it, in any language."""
    return plain(text_of(value)) in {plain(text) for text in work.words.shown(shown)}
