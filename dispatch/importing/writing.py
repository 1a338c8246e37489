"""The files of an imported network, and the folder that holds them: written whole, never over other work.

The head of ``network.yaml`` lists every file with its checksum. A folder whose files are exactly these, and
unchanged, is an earlier import and may be replaced; one with anything else in it is somebody's work.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import UsageError
from dispatch.importing.checked import check_network
from dispatch.importing.draft import DETAILS, quoted, wkt
from dispatch.io.geo_files import geojson_text
from dispatch.io.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.importing.finished import Finished

DESCRIPTION = "network.yaml"
_HEAD = "# Made by 'dispatch network import', which replaces these files as long as nobody has changed them."
_SUM = re.compile(r"# sha256 ([0-9a-f]{64}) (\S+)\n")


def files_of(done: Finished, title: str = "") -> dict[str, str]:
    """Return the text of every file of the network by its name."""
    files = {"node.csv": _nodes(done), "link.csv": _links(done)}
    if done.draft.facilities is not None:
        files["facilities.geojson"] = geojson_text(done.draft.facilities)
    if done.draft.barriers is not None:
        files["barriers.geojson"] = geojson_text(done.draft.barriers)
    text = _description(done, title)
    sums = {name: _sum(content) for name, content in sorted({**files, DESCRIPTION: text}.items())}
    head = "".join(f"# sha256 {digest} {name}\n" for name, digest in sums.items())
    return {**files, DESCRIPTION: f"{_HEAD}\n{head}{text}"}


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _nodes(done: Finished) -> str:
    names = sorted({name for node in done.nodes for name in node.columns})
    columns: dict[str, list[object]] = {
        "node_id": [node.id for node in done.nodes],
        "x_coord": [f"{node.at[0]:.7f}" for node in done.nodes],
        "y_coord": [f"{node.at[1]:.7f}" for node in done.nodes],
    }
    for name, values in (("name", [n.name for n in done.nodes]), ("zone_id", [n.zone for n in done.nodes])):
        if any(values):
            columns[name] = list(values)
    columns["road_km"] = list(done.road_km)
    columns |= {name: [node.columns.get(name, "") for node in done.nodes] for name in names}
    return csv_text(columns)


def _links(done: Finished) -> str:
    links = done.links
    columns: dict[str, list[object]] = {
        "link_id": [link.id for link in links],
        "from_node_id": [link.tail for link in links],
        "to_node_id": [link.head for link in links],
        "directed": [not link.two_way for link in links],
        "length": [link.metres for link in links],
        "facility_type": [link.kind for link in links],
        "free_speed": [link.kmh for link in links],
    }
    for name in DETAILS:
        values = [link.details.get(name, "") for link in links]
        if any(values):
            columns[name] = list(values)
    columns["geometry"] = [wkt(link.points) for link in links]
    return csv_text(columns)


def _description(done: Finished, title: str) -> str:
    draft = done.draft
    lines = [f"title: {quoted(title)}"] if title else []
    lines += ["kind: road", f"crs: {quoted(draft.crs)}"]
    lines += [
        f"{key}: {quoted(value)}"
        for key, value in (("source", draft.source), ("licence", draft.licence))
        if value
    ]
    lines += ["notes:", *(f"  - {quoted(note)}" for note in done.notes)]
    lines += ["length_unit: m", "speed_unit: km/h"]
    lines += ["# Where link.csv gives no free_speed. One number, or {emergency: 60, normal: 50}."]
    lines += ["speeds:"]
    for name, (speed, number) in done.speeds.items():
        origin = f"mean of {number} posted" if number else "assumed"
        lines.append(f"  {quoted(name)}: {speed:g}  # {origin}")
    lines += ["# Multiply all speeds of a way of driving."]
    lines += ["factors: {emergency: 1, normal: 1}"]
    return "\n".join(lines) + "\n"


def check_target(folder: Path) -> None:
    """Raise UsageError unless a network may be written here: nothing there yet, or an unchanged import."""
    name = str(folder).replace("\0", "?")
    try:
        tempfile.TemporaryDirectory(dir=_above(folder)).cleanup()
        if not folder.exists() and not folder.is_symlink():
            return
        if not folder.is_dir():
            message = f"{name}: is a file."
            raise UsageError(message, hint="Name a folder.")
        own = _problem_inside(folder)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{name}: cannot be used ({reason})."
        raise UsageError(message, hint="Name another folder.") from None
    if own:
        raise UsageError(f"{name}: {own}", hint="Name a new folder, so that nothing is lost.")


def _above(folder: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(up for up in folder.absolute().parents if up.exists())


def _problem_inside(folder: Path) -> str:
    """Return why the files in a folder may not be replaced, or ""."""
    present = {path.name for path in folder.iterdir()}
    if not present:
        return ""
    sums, rest = _manifest(folder)
    for name in sorted(present):
        if name not in sums:
            return f"holds '{name}', which no import has written."
        text = rest if name == DESCRIPTION else (folder / name).read_bytes()
        if hashlib.sha256(text).hexdigest() != sums[name]:
            return f"'{name}' has been changed since it was imported."
    return ""


def _manifest(folder: Path) -> tuple[dict[str, str], bytes]:
    """Return the checksums that the description of a folder lists, and the rest of the description."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return {}, b""
    text = path.read_bytes().decode("utf-8", "replace")
    head, _, rest = text.partition("\n")
    sums: dict[str, str] = {}
    while head == _HEAD and (line := _SUM.match(rest)) is not None:
        sums[line[2]] = line[1]
        rest = rest[line.end() :]
    return sums, rest.encode("utf-8")


def write_network(folder: Path, files: Mapping[str, str], source: str = "") -> None:
    """Write the files of a network into a folder in one step; an error leaves what was there.

    Raises NetworkError, in words of the ``source``, where the network could not be loaded from there.
    """
    check_target(folder)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=_above(folder)))
        try:
            written = temporary / "new"
            written.mkdir(mode=0o755)
            for name, text in files.items():
                (written / name).write_text(text, encoding="utf-8", newline="")
            check_network(written, source or folder.name)
            folder.parent.mkdir(parents=True, exist_ok=True)
            _put(folder, temporary)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        message = f"{folder}: cannot be written ({error.strerror or error})."
        raise UsageError(message, hint="Free some space, or name another folder.") from None


def _put(folder: Path, temporary: Path) -> None:
    """Let the folder that was written beside the target take its place."""
    written, old = temporary / "new", temporary / "old"
    try:
        if folder.exists():
            folder.rename(old)
        written.rename(folder)
    except BaseException:  # also a Ctrl-C: the earlier network goes back before anything is cleaned up
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
