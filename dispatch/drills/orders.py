"""What players and controllers type or send: words, in English or Chinese, and JSON, made into commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from dispatch.briefing.contents import Said
from dispatch.drills.moments import exercise_time
from dispatch.drills.refusing import HELP_SAYS, NOTHING, Refusal, suggestion
from dispatch.drills.session import FASTEST
from dispatch.errors import UsageError, closest
from dispatch.model.injects import PLAYERS

ASIDE = ("at", "ref")
"""Keys of a JSON object that do not say what to do: when it is to be done, and what the answer repeats."""

LONGEST = 4000
"""Characters of a line or note that are taken."""

MOST = {"n": str(LONGEST)}

SEND = Said('Send an "order", a "clock" or a "say" with what is to be done.')

UNKNOWN = {
    "unit": "no unit '{name}' is known.", "call": "no call '{name}' has come in.",
    "station": "no station '{name}' is known.", "agreement": "no agreement '{name}' is known.",
    "item": "no item '{name}' is known.", "depot": "no depot '{name}' is known.",
    "node": "no node '{name}' is known.", "entry": "no entry '{name}' is known.",
}  # fmt: skip
UNNAMED = {
    "unit": "no unit is named.", "call": "no call is named.", "station": "no station is named.",
    "agreement": "no agreement is named.", "item": "no item is named.", "depot": "no depot is named.",
    "node": "no node is named.", "entry": "no entry is named.",
}  # fmt: skip
"""What is said of a name that is unknown, and of one that is missing, by kind."""


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that somebody wants done."""

    does: str
    """``order``, or what a record of a session may be about, or ``help``, ``next``, ``publish``, ``quit``."""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """What may be named at a moment of the exercise."""

    units: Collection[str] = ()
    calls: Collection[str] | None = ()
    """Calls that have come in; None for whatever calls will come in."""
    stations: Collection[str] = ()
    agreements: Collection[str] = ()
    items: Collection[str] = ()
    depots: Collection[str] = ()
    nodes: Collection[str] = ()
    entries: Mapping[str, int] = field(default_factory=dict)
    """Entries of the script, with how many actions are expected after each."""
    secret: bool = False
    """Whether players must not be told which entries there are."""

    def has(self, word: str) -> bool:
        """Whether anything has a name."""
        known = (self.units, self.calls or (), self.stations, self.agreements, self.items, self.depots)
        return any(word in names for names in (*known, self.nodes, self.entries))

    def one(self, kind: str, given: str) -> str:
        """Return what is meant by a name, in capitals or not; raises UsageError for an unknown one."""
        plural = {"call": "calls", "agreement": "agreements", "entry": "entries"}.get(kind, f"{kind}s")
        listed: Collection[str] | None = getattr(self, plural)
        known: Collection[str] = [given] if listed is None and given else listed or ()
        if given in known:
            return given
        alike = [name for name in known if name.casefold() == given.casefold()]
        if len(alike) == 1:
            return alike[0]
        hint = NOTHING if self.secret and kind == "entry" else suggestion(given, known)
        raise Refusal(Said(UNKNOWN[kind], {"name": given}) if given else Said(UNNAMED[kind]), hint)


Parts = Mapping[str, str]
"""What stands after each preposition; under an empty text what stands before the first."""

HELP = (
    Said("send UNIT to CALL"),
    Said("recall UNIT [replace]"),
    Said("stage UNIT for CALL at NODE"),
    Said("ask AGREEMENT for CALL [n]"),
    Said("raise CALL to LEVEL"),
    Said("supply AMOUNT ITEM to CALL [from DEPOT]"),
    Said("move UNIT to STATION"),
    Said("done ENTRY [n]"),
    Said("note TEXT"),
    Said("pause | resume | scale X | next | jump T"),
    Said("skip ENTRY | publish ENTRY"),
    Said("end | quit | help"),
)
"""What may be typed."""

_PREPOSITIONS = {
    "to": "to", "到": "to", "往": "to", "至": "to", "给": "to", "for": "for", "为": "for",
    "at": "at", "在": "at", "于": "at", "from": "from", "从": "from", "由": "from",
}  # fmt: skip
_COUNT = re.compile(r"(.*\S)\s+([0-9]{1,4})")
_WORDS = re.compile(r'"([^"]*)"|(\S+)')


def read_command(line: str, names: Names) -> Command:
    """Return what a typed line wants; raises UsageError for what cannot be understood."""
    words = [quoted or plain for quoted, plain in _WORDS.findall(line[:LONGEST])]
    if len(line) > LONGEST or not words:
        fact = Said("a line of over {n} characters.", MOST) if words else Said("an empty line.")
        raise Refusal(fact, HELP_SAYS)
    verb = _VERBS.get(words[0].casefold())
    if verb is None:
        fact = Said("'{given}' is nothing that can be done.", {"given": words[0]})
        near = closest(words[0].casefold(), _VERBS)
        meant = Said("Did you mean '{name}'? 'help' says what may be typed.", {"name": near})
        raise Refusal(fact, meant if near else HELP_SAYS)
    if verb == "note":
        return _note(line.split(None, 1)[1] if len(words) > 1 else "")
    parts: dict[str, str] = {"": ""}
    current = ""
    for word in (part for whole in words[1:] for part in _apart(whole, names)):
        if word.casefold() in _PREPOSITIONS:
            current = _PREPOSITIONS[word.casefold()]
            parts.setdefault(current, "")
        else:
            parts[current] = f"{parts[current]} {word}".strip()
    return _READERS[verb](parts, names)


def _apart(word: str, names: Names) -> list[str]:
    """Return a word with a Chinese preposition apart that is written together with a name behind it."""
    head, rest = word[:1], word[1:]
    is_joined = head in _PREPOSITIONS and not head.isascii() and names.has(rest) and not names.has(word)
    return [head, rest] if is_joined else [word]


def _take(parts: Parts, *prepositions: str) -> list[str]:
    """Return what stands after prepositions; raises UsageError for others that stand there, too."""
    odd = sorted(set(parts) - {"", *prepositions})
    if odd:
        given = f"{odd[0]} {parts[odd[0]]}"
        raise Refusal(Said("'{given}' does not belong there.", {"given": given}), HELP_SAYS)
    return [parts.get(name, "") for name in ("", *prepositions)]


def _plain(parts: Parts, does: str) -> Command:
    (rest,) = _take(parts)
    if rest:
        fact = Said("'{given}' does not belong there.", {"given": rest})
        raise Refusal(fact, Said("Say '{word}' only.", {"word": does}))
    return Command(does)


def _order(**inject: Any) -> Command:
    return Command("order", {"order": inject})


def _send(parts: Parts, names: Names) -> Command:
    unit, call = _take(parts, "to")
    return _order(order={"unit": names.one("unit", unit), "incident": names.one("call", call)})


def _move(parts: Parts, names: Names) -> Command:
    unit, station = _take(parts, "to")
    return _order(order={"unit": names.one("unit", unit), "station": names.one("station", station)})


def _recall(parts: Parts, names: Names) -> Command:
    (unit,) = _take(parts)
    head, _, last = unit.rpartition(" ")
    replaced = last.casefold() in ("replace", "替换", "换")
    inject: dict[str, Any] = {"unit": names.one("unit", head if replaced else unit)}
    return _order(recall=inject | ({"replace": True} if replaced else {}))


def _stage(parts: Parts, names: Names) -> Command:
    unit, call, node = _take(parts, "for", "at")
    inject = {"unit": names.one("unit", unit), "incident": names.one("call", call)}
    return _order(stage=inject | {"node": names.one("node", node)})


def _ask(parts: Parts, names: Names) -> Command:
    agreement, call = _take(parts, "for")
    count = _COUNT.fullmatch(call) if call not in (names.calls or ()) else None
    if count is not None:
        call = count[1]
    inject = {"agreement": names.one("agreement", agreement), "incident": names.one("call", call)}
    return _order(ask=inject | {"units": int(count[2]) if count is not None else 1})


def _raise(parts: Parts, names: Names) -> Command:
    call, level = _take(parts, "to")
    if not re.fullmatch(r"[1-9]", level):
        fact = Said("'{given}' is not an alarm level.", {"given": level})
        raise Refusal(fact, Said("Write 'raise CALL to 3'."))
    return _order(level={"incident": names.one("call", call), "level": int(level)})


def _supply(parts: Parts, names: Names) -> Command:
    what, call, depot = _take(parts, "to", "from")
    words = what.split(" ")
    item = next((" ".join(words[n:]) for n in range(1, len(words)) if " ".join(words[n:]) in names.items), "")
    if len(words) < 2:
        fact = Said("an amount and an item are to be supplied.")
        raise Refusal(fact, Said("Write 'supply 20 t foam to CALL'."))
    item = item or names.one("item", words[-1])
    amount = what[: -len(item)].strip()
    inject = {"incident": names.one("call", call), "item": item, "amount": amount}
    return _order(supply=inject | ({"depot": names.one("depot", depot)} if "from" in parts else {}))


def _done(parts: Parts, names: Names) -> Command:
    (given,) = _take(parts)
    count = _COUNT.fullmatch(given) if given not in names.entries else None
    return done(count[1] if count else given, int(count[2]) if count else None, names)


def done(entry: str, action: int | None, names: Names) -> Command:
    """Return the command that says that an expected action, by number from 1, is done."""
    entry = names.one("entry", entry)
    expected = names.entries[entry]
    if expected == 0:
        fact = Said("nothing is expected after '{entry}'.", {"entry": entry})
        raise Refusal(fact, Said("Write it down with 'note'."))
    number = 1 if action is None else action
    if (action is None and expected > 1) or not 1 <= number <= expected:
        values = {"entry": entry, "expected": str(expected), "n": str(action)}
        fact = Said(
            "'{entry}' has {expected} expected actions, no number {n}."
            if action is not None
            else "'{entry}' has {expected} expected actions.",
            values,
        )
        raise Refusal(fact, Said("Write 'done {entry} 1', for example.", values))
    return Command("done", {"entry": entry, "action": number})


def _note(text: str) -> Command:
    if not text.strip() or len(text) > LONGEST:
        fact = Said("a note of over {n} characters.", MOST) if text.strip() else Said("a note without words.")
        raise Refusal(fact, Said("Write 'note TEXT'."))
    return Command("note", {"text": text.strip()})


def _scale(parts: Parts, _names: Names) -> Command:
    given, to = _take(parts, "to")
    return rescale(given or to)


def rescale(given: object) -> Command:
    """Return the command that changes the pace of the clock."""
    text = str(given).strip().casefold().lstrip("x×")
    if text in (FASTEST, "最快"):
        return Command("scale", {"scale": inf})
    try:
        scale = float(text)
    except ValueError:
        scale = -1.0
    if isinstance(given, bool) or not isfinite(scale) or not 0 < scale <= 100_000:
        fact = Said("'{given}' is not a scale.", {"given": str(given)})
        raise Refusal(fact, Said("Give a number above 0 up to 100000, or 'max'."))
    return Command("scale", {"scale": scale})


def _jump(parts: Parts, _names: Names) -> Command:
    given, to = _take(parts, "to")
    return Command("jump", {"to": exercise_time(given or to)})


def _entry(does: str) -> Callable[[Parts, Names], Command]:
    def read(parts: Parts, names: Names) -> Command:
        (given,) = _take(parts)
        return Command(does, {"entry": names.one("entry", given)})

    return read


def _only(does: str) -> Callable[[Parts, Names], Command]:
    return lambda parts, _names: _plain(parts, does)


_READERS: dict[str, Callable[[Parts, Names], Command]] = {
    "send": _send, "recall": _recall, "stage": _stage, "ask": _ask, "raise": _raise, "supply": _supply,
    "move": _move, "done": _done, "scale": _scale, "jump": _jump, "skip": _entry("skip"),
    "publish": _entry("publish"),
    **{does: _only(does) for does in ("pause", "resume", "next", "end", "quit", "help")},
}  # fmt: skip
_SYNONYMS = {
    "send": "dispatch order 派 出动 调派", "recall": "召回 撤回 返队", "stage": "集结 待命",
    "ask": "request 请援 求援 请求", "raise": "升级 提级", "supply": "调拨 补给", "move": "移防 调防",
    "done": "完成", "note": "记录 备注", "pause": "暂停", "resume": "继续 恢复", "scale": "倍速",
    "skip": "跳过", "next": "下一条", "jump": "跳到", "publish": "发布", "end": "endex 结束",
    "quit": "exit 退出", "help": "? 帮助",
}  # fmt: skip
_VERBS = {word: verb for verb, words in _SYNONYMS.items() for word in (verb, *words.split())}
_OF_CLOCK = ("pause", "resume", "next", "end")


def command_of(document: object, names: Names) -> Command:
    """Return what a JSON object wants; raises UsageError for what cannot be understood.

    ``{"order": {"recall": {"unit": "E1"}}}`` gives an inject that players may give, ``{"clock": "pause"}`` or
    ``{"clock": {"scale": 10}}`` is about the clock, ``{"say": "send E1 to fire-1"}`` is a typed line.
    """
    given = (
        {key: value for key, value in document.items() if key not in ASIDE}
        if isinstance(document, dict)
        else {}
    )
    if len(given) != 1:
        raise Refusal(Said("not an object with one thing to do."), SEND)
    ((key, value),) = given.items()
    if key == "say" and isinstance(value, str):
        return read_command(value, names)
    if key == "note" and isinstance(value, str):
        return _note(value)
    if key in ("skip", "publish") and isinstance(value, str):
        return Command(key, {"entry": names.one("entry", value)})
    if key == "done" and isinstance(value, dict) and _is_action(value.get("action")):
        return done(str(value.get("entry", "")), value.get("action"), names)
    if key == "clock":
        return _of_clock(value)
    if key == "order" and isinstance(value, dict):
        return _inject(value, names)
    raise Refusal(Said("'{given}' is nothing that can be done so.", {"given": key}), SEND)


def read_json(text: str | bytes) -> object:
    """Return what a text of JSON holds; raises ValueError for what cannot be written down as JSON again.

    That is so for numbers that are none, for halves of characters, and for lists within lists without end.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        message = "too deep"
        raise ValueError(message) from None
    return value


def _is_action(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _of_clock(value: object) -> Command:
    if isinstance(value, str) and value in _OF_CLOCK:
        return Command(value)
    if isinstance(value, dict) and set(value) == {"scale"}:
        return rescale(value["scale"])
    if isinstance(value, dict) and set(value) == {"jump"}:
        return Command("jump", {"to": exercise_time(value["jump"])})
    message = "nothing that the clock can do."
    raise UsageError(message, hint='Send "pause", "resume", "next", "end", {"scale": 10} or {"jump": 720}.')


_NAMED = {
    "unit": "unit", "incident": "call", "station": "station", "agreement": "agreement", "item": "item",
    "depot": "depot",
}  # fmt: skip


def _inject(inject: Mapping[str, Any], names: Names) -> Command:
    """Return an order given as an inject; all that it names is looked up, the scenario checks the rest."""
    if len(inject) != 1 or next(iter(inject)) not in PLAYERS:
        message = f"{', '.join(map(repr, sorted(map(str, inject)))) or 'nothing'} is no order of a player."
        raise UsageError(message, hint=f"Give one of {', '.join(map(repr, PLAYERS))}.")
    ((kind, body),) = inject.items()
    if not isinstance(body, dict):
        message = f"'{kind}' without what it is about."
        raise UsageError(message, hint='Send {"order": {"recall": {"unit": "E1"}}}, for example.')
    named = {key: names.one(_NAMED[key], str(value)) for key, value in body.items() if key in _NAMED}
    return Command("order", {"order": {kind: {**body, **named}}})
