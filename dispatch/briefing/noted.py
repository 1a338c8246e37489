"""Notes of the program in the reader's language: those whose words are known, found by their pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said
from dispatch.briefing.telling import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatch.briefing.contents import Cell

NOTES = (
    Said("network '{network}' is approximate; 'dispatch network info' says in what."),
    Said("stations without 'grade' are taken for '{class}' ({title}, {area} km²)."),
    Said("station '{station}': '{class}' is no class of {standard}."),
    Said("region of the jurisdictions: all land within {metres} m of the roads, holes filled."),
    Said("region of the jurisdictions: boundary {name}."),
    Said("no barriers: rivers, railways and motorways do not bound the jurisdictions."),
    Said("barriers of {name} cut the region into one face."),
    Said("barriers of {name} cut the region into {n} faces."),
    Said("{n} of {all} barriers end on land and cut nothing."),
    Said("features of the kind '{kind}' are no barriers and left out: {n}."),
    Said("a matrix of travel times has no roads: no road kilometres, no jurisdictions."),
    Said("layout '{layout}': no unit can come to {n} nodes, which count for nobody."),
    Said("closures are left out; --at TIME takes those of a moment."),
)
"""Notes on scenarios and on surveys, as they are written where they are made."""

SPEEDS = (
    Said("the network's matrix of travel times"),
    Said("the network's own speeds at all hours: free flow, which flatters every plan"),
    Said("factors on the network's speeds, at all hours"),
    Said("{n} periods of the week"),
    Said("delay at junctions: {delays}"),
    Said("{seconds} s to cruising speed"),
)
"""Parts of what is said of speeds."""

_BRACES = re.compile(r"\{(\w+)\}")


def in_words(note: str, known: Sequence[Said] = NOTES, titles: Mapping[str, Cell] | None = None) -> Cell:
    """Return a note as a message that can be translated; as it is where its words are not known.

    ``titles`` are texts within notes that have a form of their own, such as titles in two languages.
    """
    for said in known:
        found = _pattern(said.text).fullmatch(note)
        if found:
            values = {name: (titles or {}).get(text, text) for name, text in found.groupdict().items()}
            return Said(said.text, values)
    return note


def speeds_in_words(description: str) -> Cell:
    """Return what is said of speeds, part by part; titles of their makers stay as they are."""
    parts = [in_words(part, SPEEDS) for part in description.split("; ")]
    return listed([part if isinstance(part, Said) else Said("{text}", {"text": part}) for part in parts])


def _pattern(text: str) -> re.Pattern[str]:
    """Return what texts look like that were made from a message."""
    literal, names = _BRACES.split(text)[::2], _BRACES.findall(text)
    groups = [*(f"(?P<{name}>.+?)" for name in names), ""]
    return re.compile("".join(re.escape(a) + b for a, b in zip(literal, groups, strict=True)))
