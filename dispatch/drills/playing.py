"""An exercise while it is played: its clock, its script, the players' orders, and what comes of them.

Exercise time runs from STARTEX. Whatever changes the play is written to the session first; then the scenario
is simulated again with all that is known. An inject changes nothing before its moment, so what has been shown
stays true, and the state at any time is that of the log at that time.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.composition import simulate
from dispatch.drills.clock import Clock
from dispatch.drills.naming import names_at
from dispatch.drills.orders import HELP, command_of, read_command
from dispatch.drills.session import written_scale
from dispatch.drills.unfolding import expected, is_timed, next_due
from dispatch.errors import InputError, UsageError
from dispatch.io.yaml_writing import as_written
from dispatch.regression.events import WORDS, Event, events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dispatch.drills.drill import Drill, Line
    from dispatch.drills.orders import Command, Names
    from dispatch.drills.session import Session, State
    from dispatch.drills.unfolding import Expected
    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario

    Happening = dict[str, Any]
    """One thing that happened, as plain JSON: ``what``, ``at`` [s of play], and what belongs to it."""

MARK = 5.0
"""Seconds on the wall after which the time is written down though nothing happened."""

TELLING = ("alerted", "noted")
"""Events that answer an order when they come with it."""

DIGITS = 3
"""Decimals of seconds that exercise times have."""


def fingerprint(drill: Drill) -> str:
    """Return a digest of everything that an exercise's course depends on, except what people do."""
    told = [as_written(drill.file), drill.base.digest, drill.base.file.seed]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def played(drill: Drill, state: State) -> Log:
    """Return the log of an exercise with all that was delivered and ordered."""
    return _simulated(drill, _scenario(drill, state, state.orders))


def check_same(drill: Drill, state: State) -> None:
    """Raise UsageError where a session is one of another exercise, or of another version of it."""
    if state.drill != fingerprint(drill):
        message = f"{drill.path}: the exercise is not the one that was played, or has been changed since."
        raise UsageError(message, hint="Restore it, or begin a new session with --session.")


def _scenario(
    drill: Drill,
    state: State,
    orders: Sequence[Mapping[str, Any]],
    also: Mapping[str, float] | None = None,
) -> Scenario:
    """Return the scenario with some orders, and with what was delivered and perhaps more."""
    delivered = {**state.delivered, **(also or {})}
    return drill.scenario(delivered, orders, advised=state.silent == "advice")


def _facts(error: InputError) -> str:
    """Return what is wrong without its places in files, which players do not see."""
    return " ".join(f"{problem.fact}. {problem.remedy}".strip() for problem in error.problems[:3])


def _simulated(drill: Drill, scenario: Scenario) -> Log:
    return simulate(scenario, drill.file.layout, 0)


class Play:
    """A session of an exercise; times on the wall are handed in, so that nothing here ever waits."""

    def __init__(
        self,
        drill: Drill,
        session: Session,
        wall: float,
        *,
        scale: float | None = None,
        silent: str | None = None,
        attended: bool = True,
    ) -> None:
        self.drill, self.session = drill, session
        self.attended = attended
        self._wall = wall
        if not session.records:
            pace = drill.file.scale if scale is None else scale
            told = {"drill": fingerprint(drill), "title": drill.file.title}
            self._write("start", 0.0, **told, silent=silent or drill.file.silent, scale=written_scale(pace))
        else:
            self._take_up(scale, silent)
        self.now = float(session.records[-1]["at"])
        self.clock = Clock(session.state.at, wall, session.state.scale)
        self.log = played(drill, session.state)
        self._events: list[Event] = events_of(self.log)
        self._told: Counter[Event] = Counter()
        self._shown = drill.begins + self.now
        self._happened: list[Happening] = []
        self._scheduled: list[tuple[float, str, object]] = []
        self._marked = wall
        self._advice: tuple[dict[str, float], Log] | None = None
        self._does: dict[str, Callable[[Command, Mapping[str, str]], Happening]] = {
            **dict.fromkeys(("done", "note"), self._noted),
            **dict.fromkeys(("pause", "resume", "scale"), self._pace),
            "order": self._order, "skip": self._skip, "publish": self._publish, "jump": self._jump,
            "next": self._next, "end": self._stop, "help": self._help, "quit": self._quit,
        }  # fmt: skip

    def _take_up(self, scale: float | None, silent: str | None) -> None:
        """Check that the session can go on, and write down that it does."""
        state, session = self.session.state, self.session
        check_same(self.drill, state)
        if state.ended is not None:
            message = f"{session.path}: the exercise has ended."
            raise UsageError(message, hint="Look back on it: dispatch drill review.")
        if silent is not None and silent != state.silent:
            message = f"--silent {silent}: the session was begun with '{state.silent}'."
            raise UsageError(message, hint="Leave --silent out.")
        at = float(session.records[-1]["at"])
        if scale is not None and scale != state.scale:
            self._write("scale", at, scale=written_scale(scale))
        self._write("resume", at)

    @property
    def state(self) -> State:
        """What the records come to so far."""
        return self.session.state

    @property
    def over(self) -> bool:
        """Whether the exercise has ended (ENDEX)."""
        return self.state.ended is not None

    def schedule(self, at: float, given: object, source: str) -> None:
        """Let an order be given at an exercise time, unless the session has it from the same source already.

        What lies before the time at which a session is taken up has been dealt with then.
        """
        if at >= self.now and all(record.get("source") != source for record in self.session.records):
            self._scheduled.append((at, source, given))
            self._scheduled.sort(key=lambda one: one[0])

    def wait(self, wall: float) -> float:
        """Return seconds on the wall until something is due by the clock; infinite while it stands."""
        moments = [self.drill.file.lasts, *(at for at, _, _ in self._scheduled)]
        moments += [line.at for line in self.upcoming()]
        following = bisect_right(self._events, self._shown, key=lambda event: event.time)
        moments += [each.time - self.drill.begins for each in self._events[following : following + 1]]
        later = [at for at in moments if at > self.now]
        return self.clock.wait(min(later, default=inf), wall)

    def step(self, wall: float) -> list[Happening]:
        """Play up to where the clock stands, and return what happened since the last step."""
        self._wall = wall
        if not self.over:
            self._advance(self._target(wall), clocked=True)
            if not self.clock.paused and wall - self._marked >= MARK and not self.over:
                self._write("clock", self.now)
        happened, self._happened = self._happened, []
        return happened

    def tell(self, given: object, wall: float, source: str = "") -> Happening:
        """Take a typed line, or a JSON object; what is refused leaves no trace. Returns the answer."""
        self._wall = wall
        if not self.over:
            self._advance(self._target(wall), clocked=True)
        return self._obey(given, source)

    def _target(self, wall: float) -> float:
        """Return the exercise time by the clock, ENDEX at the latest; it never goes back."""
        return max(self.now, min(round(self.clock.now(wall), DIGITS), self.drill.file.lasts))

    def _obey(self, given: object, source: str) -> Happening:
        try:
            if self.over:
                message = "the exercise has ended."
                raise UsageError(message, hint="Look back on it: dispatch drill review.")
            names = self.names()
            command = read_command(given, names) if isinstance(given, str) else command_of(given, names)
            answer = self._does[command.does](command, {"source": source} if source else {})
        except InputError as error:
            return {"what": "refused", "at": self.now, "ok": False, "text": _facts(error)}
        except UsageError as error:
            return {"what": "refused", "at": self.now, "ok": False, "text": str(error)}
        return {"what": "answer", "at": self.now, "ok": True, **answer}

    def names(self) -> Names:
        """Return what may be named now."""
        return names_at(self.drill, self.log, self.now)

    def upcoming(self) -> list[Line]:
        """Return the entries that have been neither delivered nor skipped, in order of the script."""
        gone = {*self.state.delivered, *self.state.skipped}
        return [line for line in self.drill.lines if line.id not in gone]

    @property
    def advice(self) -> Log:
        """The log as it would be if everything delivered so far were left to the model."""
        if self._advice is None or self._advice[0] != self.state.delivered:
            delivered = dict(self.state.delivered)
            scenario = self.drill.scenario(delivered, (), advised=True)
            self._advice = (delivered, _simulated(self.drill, scenario))
        return self._advice[1]

    def expected(self) -> list[Expected]:
        """Return what is expected after the delivered entries."""
        return list(expected(self.drill, self.state, self.log))

    def _write(self, what: str, at: float, **values: Any) -> Mapping[str, Any]:
        record = self.session.add(self._wall, at, what, **values)
        self._marked = self._wall
        return record

    def _advance(self, until: float, *, clocked: bool) -> None:
        """Play up to an exercise time: entries and orders in their order of time, then ENDEX.

        Where it is ``clocked``, an order that stops the clock or changes its pace counts at once.
        """
        while not self.over:
            due = next_due(self.drill, self.state, self.log, self.now, until, attended=self.attended)
            order = self._scheduled[0] if self._scheduled and self._scheduled[0][0] <= until else None
            if order is not None and (due is None or max(order[0], self.now) < due.at):
                self._scheduled.pop(0)
                self._pass(max(order[0], self.now))
                self._give(*order[1:])
                until = self._target(self._wall) if clocked else max(until, self.now)
            elif due is not None:
                self._pass(due.at)
                self._deliver(self.drill.lines[due.number], due.by)
            else:
                break
        if not self.over:
            self._pass(until)
            if self.now >= self.drill.file.lasts:
                self._end("time", {})

    def _give(self, source: str, given: object) -> None:
        """Give an order that was scheduled, and tell its answer."""
        said = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        self._happened.append({**self._obey(given, source), "given": said, "source": source})

    def _pass(self, at: float) -> None:
        """Let time go by up to a moment, telling what happens until then."""
        begin, end = self._shown, self.drill.begins + at
        told, last = self._told, Counter[Event]()
        first = bisect_left(self._events, begin, key=lambda event: event.time)
        for event in islice(self._events, first, None):
            if event.time > end:
                break
            if event.time == end:
                last[event] += 1
            if event.time == begin and told[event] > 0:
                told[event] -= 1  # what an order adds to this moment is new, the rest has been told
            else:
                self._happened.append(self._event(event))
        self.now, self._shown, self._told = at, end, last

    def _event(self, event: Event) -> Happening:
        who = {"incident": event.incident, "unit": event.unit, "detail": event.detail}
        at = round(event.time - self.drill.begins, DIGITS)
        return {"what": "event", "at": at, "event": WORDS[event.kind], **who}

    def _deliver(self, line: Line, by: str, **values: str) -> None:
        """Write that an entry is delivered, then let it have its effect.

        Where the scenario refuses its effect, at this moment, the entry is left out.
        """
        entry, scenario = line.entry, None
        try:
            if entry.inject is not None:
                scenario = _scenario(self.drill, self.state, self.state.orders, {line.id: self.now})
        except InputError as error:
            reason = _facts(error)
            self._write("skip", self.now, entry=line.id, why=reason, **values)
            self._happened.append({"what": "skip", "at": self.now, "entry": line.id, "why": reason})
            return
        self._write("deliver", self.now, entry=line.id, by=by, **values)
        told = {"from": entry.sender, "to": entry.to, "method": entry.method, "text": entry.text}
        self._happened.append({"what": "deliver", "at": self.now, "entry": line.id, "by": by, **told})
        if scenario is not None:
            self._simulate(scenario)

    def _simulate(self, scenario: Scenario) -> None:
        self.log = _simulated(self.drill, scenario)
        self._events = events_of(self.log)
        self._pass(self.now)

    def _end(self, why: str, values: Mapping[str, str]) -> None:
        self._write("end", self.now, why=why, **values)
        self._happened.append({"what": "end", "at": self.now, "why": why})

    def _order(self, command: Command, values: Mapping[str, str]) -> Happening:
        inject = command.values["order"]
        orders = (*self.state.orders, {"at": self.now, **inject})
        scenario = _scenario(self.drill, self.state, orders)  # what is refused leaves no record
        record = self._write("order", self.now, order=inject, **values)
        self._happened.append({"what": "order", "at": self.now, "seq": record["seq"], "order": inject})
        before = len(self._happened)
        self._simulate(scenario)
        news = [each for each in self._happened[before:] if each["event"] in TELLING]
        told = [f"{each['event']}: {each['unit'] or each['incident']} ({each['detail']})" for each in news]
        return {"seq": record["seq"], "text": "; ".join(told) or "ordered"}

    def _noted(self, command: Command, values: Mapping[str, str]) -> Happening:
        record = self._write(command.does, self.now, **command.values, **values)
        self._happened.append({"what": command.does, "at": self.now, **command.values})
        return {"seq": record["seq"], "text": "written down"}

    def _skip(self, command: Command, values: Mapping[str, str]) -> Happening:
        self._check_waits(command.values["entry"])
        return self._noted(command, values) | {"text": f"{command.values['entry']} is left out"}

    def _publish(self, command: Command, values: Mapping[str, str]) -> Happening:
        name = command.values["entry"]
        self._check_waits(name)
        self._deliver(self.drill.line(name), "hand", **values)
        if name in self.state.skipped:
            raise UsageError(f"{name} cannot be delivered now: {self.session.records[-1]['why']}")
        return {"seq": self.session.records[-1]["seq"], "text": f"{name} is delivered"}

    def _check_waits(self, name: str) -> None:
        for done, when in (("delivered", self.state.delivered), ("left out", self.state.skipped)):
            if name in when:
                message = f"{name} was {done} at {when[name]:g} s."
                raise UsageError(message, hint="Name an entry that is still to come.")

    def _pace(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Pause, resume, or change the scale."""
        told = {"scale": written_scale(command.values["scale"])} if command.does == "scale" else {}
        if command.does != "scale" and (command.does == "pause") == self.clock.paused:
            message = "the clock stands already." if self.clock.paused else "the clock runs already."
            raise UsageError(message, hint="")
        record = self._write(command.does, self.now, **told, **values)
        if command.does == "scale":
            self.clock = self.clock.rescaled(self.now, self._wall, command.values["scale"])
        else:
            change = self.clock.stopped if command.does == "pause" else self.clock.started
            self.clock = change(self.now, self._wall)
        self._happened.append({"what": command.does, "at": self.now, **told})
        text = "the clock stands" if self.clock.paused else "the clock runs"
        return {"seq": record["seq"], "text": text}

    def _jump(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Play at once up to a later time."""
        to = round(command.values["to"], DIGITS)
        if not self.now <= to <= self.drill.file.lasts:
            ends = self.drill.file.lasts
            message = f"{to:g} s does not lie between now ({self.now:g} s) and ENDEX ({ends:g} s)."
            raise UsageError(message, hint="What has happened cannot be undone.")
        record = self._write("jump", self.now, to=to, **values)
        self._happened.append({"what": "jump", "at": self.now, "to": to})
        self._advance(to, clocked=False)
        self.clock = self.clock.anchored(self.now, self._wall)
        return {"seq": record["seq"], "text": "jumped"}

    def _next(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Jump to the next entry that the clock delivers."""
        moments = [line.at for line in self.upcoming() if is_timed(line)]
        if not moments:
            message = "no entry with a time of its own is left."
            raise UsageError(message, hint="'publish' others by hand, or 'jump' to a time.")
        return self._jump(type(command)("jump", {"to": max(min(moments), self.now)}), values)

    def _stop(self, _command: Command, values: Mapping[str, str]) -> Happening:
        self._end("order", values)
        return {"seq": self.session.records[-1]["seq"], "text": "the exercise has ended"}

    def _help(self, _command: Command, _values: Mapping[str, str]) -> Happening:
        return {"text": "\n".join(HELP)}

    def _quit(self, _command: Command, _values: Mapping[str, str]) -> Happening:
        return {"text": "go on later with --resume", "quit": True}
