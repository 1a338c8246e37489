"""The board of an exercise that is being played: on a terminal, and line by line elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from dispatch.engine.board import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dispatch.drills.drill import Drill

STYLES = {"met": "green", "late": "yellow", "missed": "red", "to be judged": "cyan", "open": ""}
AT_HOME = str(Status.IN_QUARTERS)
LEAST = 2
"""Lines that every part of the board gets before any gets more: its title and one line."""


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
    *,
    width: int,
    height: int,
) -> Group:
    """Return the board for a terminal of some size; what is typed stands in its last line."""
    head = [_head(shown, drill), _pace(shown)]
    parts = [_calls(shown), _units(shown), _next(shown), _expected(shown)]
    parts = [part for part in parts if part]
    latest = [Text(line) for line in messages]
    foot = [Text(said, style="yellow"), Text(_end_of(f"> {typed}▏", width), style="bold")]
    room = max(height - len(head) - len(foot), 0)
    if latest:
        parts.append([Text("Latest", style="bold"), *latest])
    rooms = _shared(room, [len(part) for part in parts])
    body = [
        line
        for part, lines in zip(parts, rooms, strict=True)
        for line in _cut(part, lines, part[1:] == latest)
    ]
    lines = [*head, *body, *foot]
    for line in lines:
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return Group(*lines)


def _end_of(text: str, width: int) -> str:
    """Return the end of a line that is too long, so that one sees what one types."""
    while cell_len(text) > width:
        text = f"…{text[max(len(text) - width, 2) :]}" if len(text) > width else f"…{text[2:]}"
    return text


def _shared(room: int, wanted: list[int]) -> list[int]:
    """Share lines among parts, each getting a few before any gets more, the first ones first."""
    given = [0] * len(wanted)
    for least in (LEAST, max(wanted, default=0)):
        for _ in range(least):
            for part, most in enumerate(wanted):
                if room > 0 and given[part] < min(most, least):
                    given[part] += 1
                    room -= 1
    return given


def _cut(part: list[Text], lines: int, latest: bool) -> list[Text]:  # noqa: FBT001
    """Return as much of a part as there is room for, and how much is left out."""
    if len(part) <= lines or lines == 0:
        return part[:lines]
    if latest:
        return [part[0], *part[len(part) - lines + 1 :]]
    title = part[0].copy()
    title.append(f" (+{len(part) - lines} more)", style="dim")
    return [title, *part[1:lines]]


def _head(shown: Mapping[str, Any], drill: Drill) -> Text:
    moment = held_at(drill, shown["at"])
    line = Text(f"{play_clock(shown['at'])} of {play_clock(shown['lasts'])[2:]}", style="bold")
    return line.append(f"  {moment:%Y-%m-%d %H:%M:%S}", style="").append(f"  {shown['title']}", style="")


def _pace(shown: Mapping[str, Any]) -> Text:
    pace = "ENDEX" if shown["over"] else "PAUSED" if shown["paused"] else "running"
    quiet = "the model sends" if shown["silent"] == "advice" else "nobody sends"
    line = Text("EXERCISE ", style="bold red")
    line.append(pace, style="green" if pace == "running" else "reverse")
    return line.append(f" ×{shown['scale']:g}" if shown["scale"] != "max" else " as fast as it goes").append(
        f"; when players are silent, {quiet}"
    )


def _calls(shown: Mapping[str, Any]) -> list[Text]:
    found = [Text(f"Open calls: {len(shown['calls'])}", style="bold")]
    for call in shown["calls"]:
        level = f" level {call['level']}" if call["level"] else ""
        line = Text(f"{call['id']}{level} at {call['node']}, {play_clock(call['received'])}")
        if call["waiting"]:
            line.append(" waiting", style="red")
        if call["there"] or call["coming"]:
            line.append(f"; there {_some(call['there'])}, coming {_some(call['coming'])}")
        if call["wanted"]:
            wanted = ", ".join(f"{count} {name}" for name, count in call["wanted"].items())
            line.append(f"; wants {wanted}", style="yellow")
        if call["advised"]:
            line.append(f"; advised {_some(call['advised'])}", style="cyan")
        if call["beyond"]:
            line.append(f"; not advised {_some(call['beyond'])}", style="magenta")
        found.append(line)
    return found


def _some(names: Sequence[str]) -> str:
    return " ".join(names) or "–"


def _units(shown: Mapping[str, Any]) -> list[Text]:
    """Return the units by what they do; those in quarters last."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, state in shown["units"].items():
        groups.setdefault((state["status"], state["incident"]), []).append(name)
    found = [Text(f"Units: {len(shown['units'])}", style="bold")]
    for (status, incident), names in sorted(groups.items(), key=lambda one: (one[0][0] == AT_HOME, one[0])):
        found.append(Text(f"{status}{f' for {incident}' if incident else ''}: {' '.join(names)}"))
    return found


def _next(shown: Mapping[str, Any]) -> list[Text]:
    if not shown.get("next"):
        return []
    found = [Text(f"To come: {len(shown['next'])}", style="bold")]
    for line in shown["next"]:
        when = play_clock(line["at"]) if line["timed"] else f"{play_clock(line['at'])} or later"
        way = "" if line["trigger"] == "time" else f" ({line['trigger']})"
        found.append(Text(f"{when} {line['entry']}{way}: {_one_line(line['text'])}"))
    return found


def _expected(shown: Mapping[str, Any]) -> list[Text]:
    """Return what is expected, what needs somebody first."""
    order = ("open", "missed", "to be judged", "late", "met")
    actions = sorted(shown.get("expected", ()), key=lambda each: (order.index(each["verdict"]), each["by"]))
    if not actions:
        return []
    found = [Text("Expected", style="bold")]
    for each in actions:
        line = Text(each["verdict"], style=STYLES[each["verdict"]])
        line.append(
            f" by {play_clock(each['by'])} {each['entry']} {each['action']}: {_one_line(each['text'])}", ""
        )
        found.append(line)
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())


def lines_of(happening: Mapping[str, Any]) -> Iterator[str]:
    """Yield what happened as lines of plain text."""
    what, at = happening["what"], play_clock(happening["at"])
    if what == "deliver":
        ends = " → ".join(name for name in (happening["from"], happening["to"]) if name)
        who = f"{happening['method'].replace('_', ' ')} {ends}".strip()
        yield f"{at} EXERCISE {happening['entry']} ({who}): {_one_line(happening['text'])}"
    elif what == "event":
        who = " for ".join(name for name in (happening["unit"], happening["incident"]) if name)
        yield f"{at} {happening['event']}: {who} ({happening['detail']})"
    elif what == "order":
        yield f"{at} ordered: {_told(happening['order'])}"
    elif what in ("answer", "refused"):
        asked = f"{happening['given']}: " if "given" in happening else ""
        first, *rest = happening["text"].splitlines() or [""]
        yield f"{at} {'' if happening['ok'] else 'refused: '}{asked}{first}"
        yield from rest
    elif what == "end":
        yield f"{at} ENDEX ({'the time is over' if happening['why'] == 'time' else 'by order'})"
    elif what != "state":
        rest = {key: value for key, value in happening.items() if key not in ("what", "at")}
        yield f"{at} {what}{': ' if rest else ''}{_told(rest)}"


def _told(values: Mapping[str, Any]) -> str:
    """Return nested values in words."""
    return ", ".join(
        f"{key} {_told(value)}" if isinstance(value, dict) else f"{key} {value}"
        for key, value in values.items()
    )
