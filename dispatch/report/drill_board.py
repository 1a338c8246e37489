"""The board of an exercise that is being played: everything of its state that one terminal can hold."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from dispatch.engine.board import Status
from dispatch.report.drill_layout import Part, Piece, flowing, laid_out, prose, shortened
from dispatch.report.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dispatch.drills.drill import Drill
    from dispatch.report.drill_layout import Row
    from dispatch.report.words import Words

VERDICTS = {
    "met": "met", "late": "late", "missed": "overdue", "to be judged": "to be judged", "open": "open",
}  # fmt: skip
"""How expected actions are told to stand while there is still time to do them."""

OVERDUE, DUE, DONE = range(3)
STYLES = ("red", "", "green")
"""Of expected actions that are overdue, due, and done."""

TRIGGERS = {"condition": "on a condition", "manual": "by hand", "contingency": "if need be"}
"""What delivers an entry, where it is not its time."""

FREE = (Status.IN_QUARTERS, Status.MOVED_UP)
COMMITTED = (
    Status.TURNING_OUT, Status.EN_ROUTE, Status.STAGED, Status.ON_SCENE, Status.TRANSPORTING,
)  # fmt: skip
OUT = (Status.OFF_DUTY, Status.OUT_OF_SERVICE)
BETWEEN = tuple(each for each in Status if each not in (*FREE, *COMMITTED, *OUT))
"""Statuses of units that wait to be sent, are sent, cannot be sent, and are on the way to a station."""

MOST_SAID = 3
"""Lines of an answer of one line, after wrapping; longer ones that were asked for get what they need."""

LEAST_BOARD = 5
"""Lines that the parts of the board keep, however long an answer is."""


def play_clock(seconds: float) -> str:
    """Return exercise time as ``T+1:02:03``; parts of a second are cut off."""
    whole = int(seconds + 1e-6)
    return f"T+{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def held_at(drill: Drill, seconds: float) -> datetime:
    """Return the date and time at which a moment of the exercise plays."""
    begins = drill.base.file.start + timedelta(seconds=drill.begins)
    return (drill.file.held or begins) + timedelta(seconds=seconds)


def board(
    shown: Mapping[str, Any],
    drill: Drill,
    messages: Sequence[str],
    typed: str,
    said: str,
    words: Words,
    *,
    width: int,
    height: int,
) -> Group:
    """Return the board for a terminal of some size; what is typed stands in its last line."""
    head = [_head(shown, drill, words, width), *flowing(_pace(shown, words), width, 1)]
    foot = [*_answer(said, width, height), Text(_end_of(f"> {typed}▏", width), "bold")]
    parts = [_calls(shown, words), _units(shown, words)]
    if shown.get("next"):
        parts.append(_next(shown, words))
    if shown.get("expected"):
        parts.append(_expected(shown, words))
    room = max(height - len(head) - len(foot), 0)
    latest = _latest(messages, words, width, max(room - _height(parts, width), room // 4, 2))
    body = laid_out(parts, width, room - len(latest), words.text("(+{n} more)"))
    lines = [*head, *body, *latest[:room], *foot][-height:]
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _height(parts: Sequence[Part], width: int) -> int:
    """Return the lines that parts would like to have."""
    return sum(1 + sum(len(flowing(row, width)) for row in part.rows) for part in parts)


def _end_of(text: str, width: int) -> str:
    """Return the end of a line that is too long, so that one sees what one types."""
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[1:]
    return f"…{text}"


def _answer(said: str, width: int, height: int) -> list[Text]:
    """Return what was answered last; of what is too long, the beginning."""
    lines = [line for each in said.splitlines() for line in _folded(each, width)]
    most = max(min(height - LEAST_BOARD - 3, MOST_SAID if "\n" not in said else height), 1)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{shortened(lines[most - 1], max(width - 2, 1))} …"]
    return [Text(line, "yellow") for line in lines or [""]]


def _folded(line: str, width: int) -> list[str]:
    """Return a line as it stands, or else in several."""
    return [line] if cell_len(line) <= width else wrapped(line, width)


def _latest(messages: Sequence[str], words: Words, width: int, room: int) -> list[Text]:
    """Return the latest news, the newest last and whole, in at most so many lines."""
    lines: list[Text] = []
    for message in reversed(messages):
        left = room - 1 - len(lines)
        if left <= 0:
            break
        lines = [*flowing(prose(message), width, left), *lines]
    return [Text(words.text("Latest"), "bold"), *lines] if lines else []


def _head(shown: Mapping[str, Any], drill: Drill, words: Words, width: int) -> Text:
    now, lasts = play_clock(shown["at"]), play_clock(shown["lasts"]).removeprefix("T+")
    line = Text(words.text("{now} of {lasts}", now=now, lasts=lasts), "bold")
    line.append(f"  {held_at(drill, shown['at']):%Y-%m-%d %H:%M:%S}  ", "not bold")
    return line.append(shortened(shown["title"], max(width - line.cell_len, 1)), "not bold")


def _pace(shown: Mapping[str, Any], words: Words) -> Row:
    if shown["over"]:
        pace = words.text("ENDEX")
    elif shown["paused"]:
        pace = words.text("PAUSED")
    else:
        pace = words.text("running")
    moves = not (shown["over"] or shown["paused"])
    speed = f"×{shown['scale']:g}" if shown["scale"] != "max" else words.text("as fast as it goes")
    quiet = words.text(
        "the model sends for silent players"
        if shown["silent"] == "advice"
        else "nobody sends for silent players"
    )
    row = [Piece(words.text("EXERCISE"), "bold red"), Piece(pace, "green" if moves else "reverse")]
    return [*row, *prose(f"{speed};"), *prose(quiet)]


def _calls(shown: Mapping[str, Any], words: Words) -> Part:
    """Return the open calls, in the order in which they are given."""
    calls = shown["calls"]
    waiting = sum(call["waiting"] for call in calls)
    title = words.text(
        "Open calls: {n}, waiting: {waiting}" if waiting else "Open calls: {n}", n=len(calls), waiting=waiting
    )
    return Part(title, [list(_call(call, words)) for call in calls], weight=3)


def _call(call: Mapping[str, Any], words: Words) -> Iterator[Piece]:
    yield Piece(call["id"], "bold")
    if call["level"]:
        yield Piece(words.text("level {level}", level=call["level"]))
    yield from prose(words.text("at {place}", place=call["node"]) + ",")
    yield Piece(play_clock(call["received"]))
    if call["waiting"]:
        yield Piece(words.text("waiting"), "red")
    wanted = [f"{count}×{name}" for name, count in call["wanted"].items()]
    for title, names, style in (
        (words.text("there {n}:", n=len(call["there"])), call["there"], ""),
        (words.text("coming {n}:", n=len(call["coming"])), call["coming"], ""),
        (words.text("wants"), wanted, "yellow"),
        (words.text("advised"), call["advised"], "cyan"),
        (words.text("not advised"), call["beyond"], "magenta"),
    ):
        if names:
            yield Piece(title, style or "dim", "; ")
            yield from (Piece(name, style, listed=True) for name in names)


def _units(shown: Mapping[str, Any], words: Words) -> Part:
    """Return the units by what they do, the free ones first, those that cannot be sent last."""
    doing: dict[str, dict[str, list[str]]] = {}
    for name, state in sorted(shown["units"].items()):
        doing.setdefault(state["status"], {}).setdefault(state["incident"], []).append(name)
    count = Counter(state["status"] for state in shown["units"].values())
    free, committed, back, out = (
        sum(count[str(status)] for status in some) for some in (FREE, COMMITTED, BETWEEN, OUT)
    )
    title = words.text(
        "Units: free {free}, committed {committed}, returning {back}, out {out}",
        free=free, committed=committed, back=back, out=out,
    )  # fmt: skip
    order = [str(status) for status in (*FREE, *COMMITTED, *BETWEEN, *OUT)]
    rows = [_group(status, doing[status], words) for status in order if status in doing]
    return Part(title, rows, weight=2)


def _group(status: str, units: Mapping[str, Sequence[str]], words: Words) -> Row:
    """Return units that do the same, each call's under its name."""
    count = sum(map(len, units.values()))
    row = [Piece(f"{words.text(status)} {count}:", "dim")]
    for call, names in sorted(units.items()):
        *others, last = names
        row += [Piece(name, listed=True) for name in others]
        row.append(Piece(f"{last}→{call}" if call else last, listed=True))
    return row


def _next(shown: Mapping[str, Any], words: Words) -> Part:
    rows = []
    for line in shown["next"]:
        when = play_clock(line["at"])
        row = [Piece(when), *([] if line["timed"] else prose(words.text("or later")))]
        row.append(Piece(line["entry"], "bold"))
        if line["trigger"] in TRIGGERS:
            row += prose(f"({words.text(TRIGGERS[line['trigger']])})", "dim")
        rows.append([*row, *prose(line["text"])])
    return Part(words.text("To come: {n}", n=len(rows)), rows)


def _standing(action: Mapping[str, Any], now: float) -> int:
    """Return whether an expected action is overdue, due, or done."""
    if action["verdict"] in ("met", "late"):
        return DONE
    return OVERDUE if now > action["by"] else DUE


def _expected(shown: Mapping[str, Any], words: Words) -> Part:
    """Return what is expected: overdue first, then what is due next, then what was done, the latest first."""
    standing = [(_standing(each, shown["at"]), each) for each in shown["expected"]]
    standing.sort(key=lambda one: (one[0], one[1]["by"] if one[0] != DONE else -one[1]["by"]))
    count = Counter(one for one, _ in standing)
    title = words.text(
        "Expected: {overdue} overdue, {due} due, {done} done",
        overdue=count[OVERDUE], due=count[DUE], done=count[DONE],
    )  # fmt: skip
    rows = []
    for stands, each in standing:
        style = "yellow" if each["verdict"] == "late" else STYLES[stands]
        by = words.text("by {time}", time=play_clock(each["by"]))
        row = [*prose(words.text(VERDICTS[each["verdict"]]), style), *prose(by)]
        rows.append([*row, Piece(f"{each['entry']} {each['action']}:", "bold"), *prose(each["text"])])
    return Part(title, rows, weight=2)
