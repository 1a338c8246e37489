"""An exercise while it is played: its clock, its script, the players' orders, and what comes of them.

Exercise time runs from STARTEX. Whatever would change the play is simulated first, with all that is known;
then it is written to the session, and only then it counts and is told. An inject changes nothing before its
moment, so what has been shown stays true, and the state at any time is that of the log at that time.
"""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.briefing.contents import Said
from dispatch.composition import simulate
from dispatch.drills.clock import Clock
from dispatch.drills.course import DIGITS, Course
from dispatch.drills.naming import names_at
from dispatch.drills.orders import HELP, command_of, read_command
from dispatch.drills.outcome import attempt, check_same, fingerprint, idle
from dispatch.drills.refusing import Refusal, english
from dispatch.drills.script import clock_text
from dispatch.drills.seeing import call_of
from dispatch.drills.session import after, written_scale
from dispatch.drills.unfolding import check_sayable, expected, next_due
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatch.drills.drill import Drill, Line
    from dispatch.drills.orders import Command, Names
    from dispatch.drills.outcome import Outcome
    from dispatch.drills.session import Session, State
    from dispatch.drills.unfolding import Expected
    from dispatch.engine.log import Log

    Happening = dict[str, Any]
    """One thing that happened, as plain JSON: ``what``, ``at`` [s of play], and what belongs to it."""

MARK = 5.0
"""Seconds on the wall after which the time is written down though nothing happened."""

TELLING = {"alerted": Said("alerted: {who} ({detail})"), "noted": Said("noted: {who} ({detail})")}
"""Events that answer an order when they come with it, and how they are told."""

GONE = {
    "delivered": "{entry} was delivered at {time}.",
    "skipped": "{entry} was left out at {time}.",
}
"""What is said of entries that are no longer to come."""


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
        say: Callable[[Said], str] = english,
    ) -> None:
        self.drill, self.session = drill, session
        self._say = say
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
        self.log, events = attempt(drill, session.state)
        self._course = Course(drill.begins, self.now, events)
        self._happened: list[Happening] = []
        self._scheduled: list[tuple[float, str, object]] = []
        self._marked = wall
        self._advice: tuple[dict[str, float], Log] | None = None
        self._does: dict[str, Callable[[Command, Mapping[str, str]], Happening]] = {
            "done": self._done, "note": self._noted,
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

    def schedule(self, at: float, given: object, source: str) -> bool:
        """Let an order be given at an exercise time; return False where that is past and nothing came of it.

        What lies before the time at which a session is taken up has been dealt with then, and what it has
        from the same source, too.
        """
        known = at <= self.now and any(record.get("source") == source for record in self.session.records)
        if at >= self.now and not known:
            self._scheduled.append((at, source, given))
            self._scheduled.sort(key=lambda one: one[0])
        return known or at >= self.now

    def wait(self, wall: float) -> float:
        """Return seconds on the wall until something is due by the clock; infinite while it stands."""
        moments = [self.drill.file.lasts, *(at for at, _, _ in self._scheduled)]
        moments += [*(line.at for line in self.upcoming()), self._course.next()]
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
                fact = Said("the exercise has ended.")
                raise Refusal(fact, Said("Look back on it: dispatch drill review."))
            names = self.names()
            command = read_command(given, names) if isinstance(given, str) else command_of(given, names)
            answer = self._does[command.does](command, {"source": source} if source else {})
        except UsageError as error:
            told = " ".join(map(self._say, error.told)) if isinstance(error, Refusal) else str(error)
            return {"what": "refused", "at": self.now, "ok": False, "text": told}
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
            self._advice = (delivered, simulate(scenario, self.drill.file.layout, 0))
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
            elif due is not None and due.at < self.drill.file.lasts:
                self._pass(due.at)
                self._come(self.drill.lines[due.number], due.by)
            else:
                break
        if not self.over:
            self._pass(until)
            if self.now >= self.drill.file.lasts:
                self._end("time", {})

    def _give(self, source: str, given: object) -> None:
        """Give an order that was scheduled, and tell its answer."""
        said = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        answer = self._obey(given, source)
        self._happened.append({**answer, "given": f"{source} {said}" if source else said, "source": source})

    def _pass(self, at: float) -> None:
        """Let time go by up to a moment, telling what happens until then."""
        self._happened += self._course.until(at)
        self.now = at

    def _tried(self, what: str, **values: Any) -> Outcome:
        """Return what the exercise would come to with a record; raises UsageError for the impossible."""
        return attempt(self.drill, after(self.state, {"at": self.now, "what": what, **values}))

    def _adopt(self, outcome: Outcome) -> None:
        """Let what was written down have its effect."""
        self.log, self._course.events = outcome
        self._pass(self.now)

    def _come(self, line: Line, by: str) -> None:
        """Deliver an entry whose time has come; one whose effect is impossible by now is left out."""
        try:
            outcome = self._effect(line, by)
        except UsageError as error:
            self._write("skip", self.now, entry=line.id, why=str(error))
            self._happened.append({"what": "skip", "at": self.now, "entry": line.id, "why": str(error)})
        else:
            self._deliver(line, by, outcome)

    def _effect(self, line: Line, by: str) -> Outcome | None:
        """Return what delivering an entry would come to; None for the same as without it."""
        return None if line.entry.inject is None else self._tried("deliver", entry=line.id, by=by)

    def _deliver(self, line: Line, by: str, outcome: Outcome | None, **values: str) -> int:
        """Write that an entry is delivered, then let it have its effect; return the record's number."""
        entry = line.entry
        record = self._write("deliver", self.now, entry=line.id, by=by, **values)
        told = {"from": entry.sender, "to": entry.to, "method": entry.method, "text": entry.text}
        self._happened.append({"what": "deliver", "at": self.now, "entry": line.id, "by": by, **told})
        if outcome is not None:
            self._adopt(outcome)
        return int(record["seq"])

    def _end(self, why: str, values: Mapping[str, str]) -> None:
        self._write("end", self.now, why=why, **values)
        self._happened.append({"what": "end", "at": self.now, "why": why})

    def _order(self, command: Command, values: Mapping[str, str]) -> Happening:
        inject = command.values["order"]
        outcome = self._tried("order", order=inject)
        refusal = idle(next(iter(inject)), self._course.events, outcome.events)
        if refusal:
            raise Refusal(Said("{reason}.", {"reason": refusal}), Said("So nothing was ordered."))
        record = self._write("order", self.now, order=inject, **values)
        self._happened.append({"what": "order", "at": self.now, "seq": record["seq"], "order": inject})
        before = len(self._happened)
        self._adopt(outcome)
        news = [each for each in self._happened[before:] if each["event"] in TELLING]
        text = "; ".join(self._say(_told(each)) for each in news) or self._say(self._waits(inject))
        return {"seq": record["seq"], "text": text}

    def _waits(self, inject: Mapping[str, Any]) -> Said:
        """Return that something is ordered, and when it is carried out where its call is not ready yet."""
        ((_, body),) = inject.items()
        call = call_of(self.log, str(body.get("incident", "")))
        ready = -inf if call < 0 else float(self.log.timeline.ready[call]) - self.drill.begins
        if ready <= self.now:
            return Said("ordered")
        values = {"call": str(body["incident"]), "at": clock_text(ready)}
        return Said("ordered; it is carried out when {call} is ready, at T+{at}", values)

    def _noted(self, command: Command, values: Mapping[str, str]) -> Happening:
        record = self._write(command.does, self.now, **command.values, **values)
        self._happened.append({"what": command.does, "at": self.now, **command.values})
        return {"seq": record["seq"], "text": self._say(Said("written down"))}

    def _done(self, command: Command, values: Mapping[str, str]) -> Happening:
        key = command.values["entry"], command.values["action"] - 1
        check_sayable(self.drill, self.state, self.log, key)
        return self._noted(command, values)

    def _skip(self, command: Command, values: Mapping[str, str]) -> Happening:
        self._check_waits(command.values["entry"])
        return self._noted(command, values) | {"text": self._say(Said("{entry} is left out", command.values))}

    def _publish(self, command: Command, values: Mapping[str, str]) -> Happening:
        name = command.values["entry"]
        self._check_waits(name)
        line = self.drill.line(name)
        number = self._deliver(line, "hand", self._effect(line, "hand"), **values)
        return {"seq": number, "text": self._say(Said("{entry} is delivered", {"entry": name}))}

    def _check_waits(self, name: str) -> None:
        for done, when in (("delivered", self.state.delivered), ("skipped", self.state.skipped)):
            if name in when:
                fact = Said(GONE[done], {"entry": name, "time": clock_text(when[name])})
                raise Refusal(fact, Said("Name an entry that is still to come."))

    def _pace(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Pause, resume, or change the scale."""
        told = {"scale": written_scale(command.values["scale"])} if command.does == "scale" else {}
        if command.does != "scale" and (command.does == "pause") == self.clock.paused:
            stands = self.clock.paused
            raise Refusal(Said("the clock stands already." if stands else "the clock runs already."))
        record = self._write(command.does, self.now, **told, **values)
        if command.does == "scale":
            self.clock = self.clock.rescaled(self.now, self._wall, command.values["scale"])
        else:
            change = self.clock.stopped if command.does == "pause" else self.clock.started
            self.clock = change(self.now, self._wall)
        self._happened.append({"what": command.does, "at": self.now, **told})
        text = self._say(Said("the clock stands" if self.clock.paused else "the clock runs"))
        return {"seq": record["seq"], "text": text}

    def _jump(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Play at once up to a later time."""
        to = round(command.values["to"], DIGITS)
        if not self.now <= to <= self.drill.file.lasts:
            times = {"to": to, "now": self.now, "ends": self.drill.file.lasts}
            fact = Said(
                "{to} does not lie between now ({now}) and ENDEX ({ends}).",
                {name: clock_text(time) for name, time in times.items()},
            )
            raise Refusal(fact, Said("What has happened cannot be undone."))
        record = self._write("jump", self.now, to=to, **values)
        self._happened.append({"what": "jump", "at": self.now, "to": to})
        self._advance(to, clocked=False)
        self.clock = self.clock.anchored(self.now, self._wall)
        return {"seq": record["seq"], "text": self._say(Said("jumped"))}

    def _next(self, command: Command, values: Mapping[str, str]) -> Happening:
        """Jump to the next entry that the clock delivers."""
        moments = [line.at for line in self.upcoming() if line.is_timed]
        if not moments:
            fact = Said("no entry with a time of its own is left.")
            raise Refusal(fact, Said("'publish' others by hand, or 'jump' to a time."))
        return self._jump(type(command)("jump", {"to": max(min(moments), self.now)}), values)

    def _stop(self, _command: Command, values: Mapping[str, str]) -> Happening:
        self._end("order", values)
        return {"seq": self.session.records[-1]["seq"], "text": self._say(Said("the exercise has ended"))}

    def _help(self, _command: Command, _values: Mapping[str, str]) -> Happening:
        return {"text": "\n".join(map(self._say, HELP))}

    def _quit(self, _command: Command, _values: Mapping[str, str]) -> Happening:
        return {"text": self._say(Said("go on later with --resume")), "quit": True}


def _told(event: Happening) -> Said:
    """Return an event as it answers an order."""
    values = {"who": event["unit"] or event["incident"], "detail": event["detail"]}
    return Said(TELLING[event["event"]].text, values)
