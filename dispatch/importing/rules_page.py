"""The page of the documentation that shows the rules, made from the tables themselves."""

from __future__ import annotations

from dispatch.importing import rules, speeds
from dispatch.importing.finished import FEW_LINKS, SMALL_SHARE
from dispatch.importing.rules import BACKWARD, BOTH, FORWARD, NEITHER

_DRIVEN = {
    FORWARD: "as drawn",
    BACKWARD: "against the direction in which it is drawn",
    BOTH: "both ways",
    NEITHER: "not at all: which way is open depends on the hour",
}

_TEXT = """\
# Which ways a fire appliance may use

`dispatch network import` decides by these tables, which stand in `dispatch/importing/rules.py` and
`speeds.py`. This page is made from them: `python docs/generate.py`.

They follow what OSMnx calls `drive` where that speaks of the road itself. They differ where it speaks of
who is let in: a fire service on call passes gates, private roads and roads for buses. Check them against
your own agreements. The network is the same for the way home.

## Roads

For every way with the key `highway`, the first line that holds decides. *Admission* is the first there is
of {admission}; *bus or psv* is either. A way that no line speaks of is left out.

| line | tags | used | why |
|---|---|---|---|
{roads}

Widths, weights and heights (`maxwidth`, `width`, `maxweight`, `maxheight`) close nothing here. They are
kept in `link.csv`, because it depends on the vehicle whether it fits. Conditional restrictions, lanes for
some vehicles and turn restrictions are not read.

## One-way streets

Emergency vehicles are taken to obey them.

| tags | may be driven |
|---|---|
| oneway:emergency = `no` | both ways, whatever `oneway` says |
{one_way}

## Barriers on the road

A barrier is a node of the way with the key `barrier`. Where it cuts, the road ends on both sides of it.

| barrier | road |
|---|---|
| {cutting} | is cut, unless the node says {unless} |
| {passed} and any other | goes on, without delay, unless the node says emergency = `no` |

## Speeds

`maxspeed` is read in km/h, `mph` and `knots`; of a list such as `50;30` the lowest counts.
`maxspeed:forward` and `maxspeed:backward` go before it. `walk` and zone codes stand for the values below.
What cannot be understood, `none` and `signals` count as missing, and so does a number under {slowest:g} or
over {fastest:g} km/h.

Where it is missing, a class has the mean of what is posted on links of that class in the file. A mean of
fewer than {few} links on under {small:.0%} of the length of the class is named in a note, to be checked. A
class without any posted speed has the value below. These are **assumptions**, typical values in km/h, to be
changed under `speeds` in `network.yaml`. Any other class has {other:g}.

| class | km/h |
|---|---|
{assumed}

| zone code | km/h |
|---|---|
{zones}

A code that ends in a number, such as `DE:zone:30`, has that number. Any other code counts as missing.
"""


def rules_page() -> str:
    """Return ``docs/reference/osm-rules.md``."""
    emergencies = f"emergency = {_listed(rules.FOR_EMERGENCIES)}"
    unless = [emergencies, f"admission = {_listed(rules.ADMITTED)}"]
    unless += [f"bus or psv = {_listed(rules.FOR_EMERGENCIES)}", f"or bollard = {_listed(rules.REMOVABLE)}"]
    return _TEXT.format(
        admission=_listed(rules.ADMISSION),
        roads="\n".join(_line(rule) for rule in rules.RULES),
        one_way="\n".join(_one_way()),
        cutting=_listed(rules.CUTTING),
        unless=", ".join(unless),
        passed=_listed(rules.PASSED),
        slowest=speeds.SLOWEST,
        fastest=speeds.FASTEST,
        other=speeds.ANY_OTHER,
        few=FEW_LINKS,
        small=SMALL_SHARE,
        assumed="\n".join(f"| {name} | {kmh:g} |" for name, kmh in speeds.ASSUMED.items()),
        zones="\n".join(f"| `{code}` | {kmh:g} |" for code, kmh in speeds.ZONES.items()),
    )


def _line(rule: rules.Rule) -> str:
    when = " and ".join(f"{key} = {_listed(values)}" for key, values in rule.when)
    return f"| {rule.name} | {when} | {'yes' if rule.is_open else 'no'} | {rule.why} |"


def _one_way() -> list[str]:
    lines = []
    for way, words in _DRIVEN.items():
        values = tuple(value for value, meaning in rules.ONE_WAY.items() if meaning == way)
        lines.append(f"| oneway = {_listed(values)} | {words} |")
    implied = " or ".join(f"{key} = {_listed(values)}" for key, values in rules.IMPLIED_ONE_WAY)
    return [*lines, f"| {implied}, and `oneway` says nothing that is known | as drawn |"]


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)
