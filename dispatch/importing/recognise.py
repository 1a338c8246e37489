"""Telling formats apart, by the name of a file and by what is in it."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import zlib
from typing import TYPE_CHECKING

from dispatch.errors import NetworkError, Problem, UsageError

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = {
    ".osm.pbf": "pbf", ".pbf": "pbf",
    ".osm": "osm", ".osm.xml": "osm",
    ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2",
    ".graphml": "graphml",
}  # fmt: skip
"""Format by the ending of the name; a folder is GMNS."""

_HEAD = 4096
_SAID = {
    "pbf": "OpenStreetMap data as PBF",
    "osm": "OpenStreetMap data as XML",
    "graphml": "GraphML",
    "change": "a file of OpenStreetMap changes",
    "empty": "empty",
    "other xml": "XML, but neither OpenStreetMap data nor GraphML",
    "text": "text",
    "unknown": "no OpenStreetMap data",
}
_ROOT = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?(?:-->|\Z)\s*|<!DOCTYPE[^>]*>\s*)*<([A-Za-z_][\w:.-]*)", re.DOTALL
)
_ROOTS = {b"osm": "osm", b"graphml": "graphml", b"osmChange": "change"}
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2"}


def format_of(path: Path) -> str:
    """Return ``pbf``, ``osm``, ``osm.gz``, ``osm.bz2``, ``graphml`` or ``gmns``; raise for any other."""
    name = str(path).replace("\0", "?")
    if not os.path.lexists(name) or "\0" in str(path):
        message = f"{name}: no such file."
        raise UsageError(message, hint="Name a map extract (such as city.osm.pbf) or a GMNS folder.")
    if path.is_dir():
        return _folder(path)
    named = next((ENDINGS[end] for end in _longest_first() if path.name.lower().endswith(end)), None)
    packing, content = _look(path)
    if content == "empty":
        raise NetworkError([Problem(path.name, "the file is empty", "Download it again.")])
    found = f"{content}.{packing}" if packing else content
    if named is None:
        known = ", ".join(sorted(ENDINGS))
        looks = next((end for end, form in ENDINGS.items() if form == found), None)
        hint = f"It holds {_SAID[content]}: end its name in {looks}." if looks else f"Known endings: {known}."
        message = f"{path.name}: the name does not tell the format."
        raise UsageError(message, hint=hint)
    if found != named:
        raise NetworkError([_mismatch(path.name, named, packing, content)])
    return named


def _longest_first() -> list[str]:
    return sorted(ENDINGS, key=len, reverse=True)


def _folder(path: Path) -> str:
    if (path / "network.yaml").is_file():
        message = f"{path}: is a network of dispatch already."
        raise UsageError(message, hint="Cite it in a scenario as it is.")
    if (path / "node.csv").is_file() and (path / "link.csv").is_file():
        return "gmns"
    message = f"{path}: a folder without node.csv and link.csv."
    raise UsageError(message, hint="Name a map extract (such as city.osm.pbf), or a folder in GMNS form.")


def _look(path: Path) -> tuple[str, str]:
    """Return the packing ("" for none) and the kind of content of a file, from its beginning."""
    try:
        if not path.is_file():
            message = f"{path.name}: is not a plain file."
            raise UsageError(message, hint="Name a map extract.")
        with path.open("rb") as file:
            head = file.read(_HEAD)
        packing = next((word for mark, word in _PACKED.items() if head.startswith(mark)), "")
        if packing:
            with (gzip.open if packing == "gz" else bz2.open)(path, "rb") as unpacked:
                head = unpacked.read(_HEAD)
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError):
        raise NetworkError([broken(path.name, "the packed data end too early or are damaged")]) from None
    except OSError as error:
        if not error.strerror:  # what bz2 says of data that are none
            raise NetworkError([broken(path.name, "the packed data are damaged")]) from None
        message = f"{path.name}: cannot be read ({error.strerror})."
        raise UsageError(message, hint="Check the path and its permissions.") from None
    return packing, _content(head)


def _content(head: bytes) -> str:
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        return "empty"
    if b"OSMHeader" in head[:64] and head[0] == 0:
        return "pbf"
    plain = _decoded(head)
    match = _ROOT.match(plain)
    if match is not None:
        return _ROOTS.get(match[1], "other xml")
    printable = sum(byte >= 32 or byte in (9, 10, 13) for byte in head)
    return "text" if printable == len(head) else "unknown"


def _decoded(head: bytes) -> bytes:
    """Return the beginning of a text as UTF-8 without byte-order mark."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace").encode("utf-8", "replace")
    return head.removeprefix(b"\xef\xbb\xbf")


def _mismatch(name: str, named: str, packing: str, content: str) -> Problem:
    if content == "change":
        remedy = "Give the data themselves, not changes to them."
    elif content in ("pbf", "osm", "graphml"):
        found = f"{content}.{packing}" if packing else content
        ending = next((end for end, form in ENDINGS.items() if form == found), "")
        remedy = f"End its name in {ending}." if ending else "Unpack it first."
    else:
        remedy = "Download the extract again, or name another file."
    ending = next(end for end in _longest_first() if name.lower().endswith(end))
    packed = f", packed with {'gzip' if packing == 'gz' else 'bzip2'}" if packing else ""
    expected = "" if content in ("pbf", "osm", "graphml") and named != content else " as its name says"
    return Problem(name, f"is not '{ending}'{expected}: it holds {_SAID[content]}{packed}", remedy)


def broken(name: str, fact: str) -> Problem:
    """Return the problem of a file that cannot be read to its end."""
    return Problem(name, fact, "The file is cut off or damaged: download it again.")
