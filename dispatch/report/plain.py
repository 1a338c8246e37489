"""Texts of other people made safe for XML, HTML and Markdown."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKED = re.compile(r"[\\`*_\[\]<>&|~$#]")
_LINKED = re.compile(r"[@#](?=\w)|:(?=//|[a-z][\w+-]*:)|(?<=www)(?=\.)", re.IGNORECASE)
_ITEM = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))")
_BARS = re.compile(r"(\\*)\|")


def clean(text: str) -> str:
    """Return a text with U+FFFD for every character that XML 1.0 forbids."""
    return _FORBIDDEN.sub("\ufffd", text)


def marked_down(text: str) -> str:
    """Return Markdown that shows a text as it is, on one line: nothing in it formats, links or mentions."""
    plain = _MARKED.sub(r"\\\g<0>", " ".join(clean(text).split()))
    return _ITEM.sub(r"\1\\", _LINKED.sub(r"\g<0><!-- -->", plain))


def code(text: str) -> str:
    """Return Markdown that shows a text as code, on one line, also in a table."""
    plain = " ".join(clean(text).split())
    if not plain:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    # A bar ends a cell unless an odd number of backslashes stands before it.
    inner = _BARS.sub(lambda found: found[1] + "\\" * (1 + len(found[1]) % 2) + "|", plain)
    return f"{fence}{pad}{inner}{pad}{fence}"


def block(text: str) -> str:
    """Return Markdown that shows the lines of a text as they are."""
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}text\n{clean(text)}\n{fence}"
