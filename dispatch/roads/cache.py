"""Files of arrays that can be computed again: written in one piece, checked on reading, mapped into memory.

An entry is a ``.npy`` file of bytes: a checksum, a JSON header and the arrays one after the other. Nothing
in it is ever executed. Whatever is missing, truncated, altered or of another version counts as not being
there, and where nothing can be written nothing is kept: a cache changes how long an answer takes, never the
answer.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

VERSION = 1
"""Raise it whenever the meaning of an entry changes."""

LIMIT = 4 * 1024**3
"""Bytes above which the oldest entries are removed."""

_CHECKSUM, _LENGTH = struct.Struct("<Q"), struct.Struct("<Q")  # of all that follows; of the JSON header
_TYPES = {"<f8": np.float64, "<i4": np.int32}
_ALIGN = 64
_STALE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What an entry holds: read-only arrays mapped from the file, and plain JSON data."""

    arrays: dict[str, NDArray[Any]]
    data: dict[str, Any]

    def fits(self, shapes: Mapping[str, tuple[tuple[int, ...], type[np.generic]]]) -> bool:
        """Return whether the entry holds exactly these arrays, with these shapes and types."""
        found = {name: (values.shape, values.dtype.type) for name, values in self.arrays.items()}
        return found == dict(shapes)


def cache_dir() -> Path | None:
    """Return the folder for caches, or None where the environment says ``DISPATCH_CACHE=off``."""
    chosen = os.environ.get("DISPATCH_CACHE", "")
    if chosen.lower() == "off":
        return None
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "dispatch"
    except RuntimeError:  # no home
        return None


@cache
def _release() -> str:
    """Return what every key begins with, so that no other version of the package reads an entry."""
    return f"dispatch {version('dispatch')} {VERSION}"


def key_of(*parts: bytes | str | NDArray[Any]) -> str:
    """Return a name that changes with the version of this format and with every part."""
    state = hashlib.sha256(_release().encode())
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode() if isinstance(part, str) else part.tobytes()
        state.update(struct.pack("<Q", len(raw)))
        state.update(raw)
    return state.hexdigest()


def store(folder: Path | None, key: str, arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> None:
    """Write an entry; where that is impossible do nothing."""
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder, key, _pieces(arrays, data))


def _pieces(arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> list[Any]:
    """Return the bytes of an entry as pieces that need no copy of the arrays."""
    index: list[list[Any]] = []
    pieces: list[Any] = []
    end = 0
    for name, values in sorted(arrays.items()):
        kind = "<f8" if values.dtype.kind == "f" else "<i4"
        plain = np.ascontiguousarray(values, dtype=kind)
        index.append([name, kind, list(plain.shape), end])
        padding = -plain.nbytes % _ALIGN
        pieces += [plain.reshape(-1).view(np.uint8).data, b"\0" * padding]
        end += plain.nbytes + padding
    header = json.dumps({"arrays": index, "data": dict(data)}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    header += b" " * (-(_CHECKSUM.size + _LENGTH.size + len(header)) % _ALIGN)
    pieces = [_LENGTH.pack(len(header)), header, *pieces]
    checksum = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
    return [_CHECKSUM.pack(checksum), *pieces]


def _write(folder: Path, key: str, pieces: list[Any]) -> None:
    """Write a file under another name and let it take its place at once."""
    handle, temporary = tempfile.mkstemp(prefix=key[:16], suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_npy_header(sum(len(piece) for piece in pieces)))
            file.writelines(pieces)
        Path(temporary).replace(folder / f"{key}.npy")
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _npy_header(size: int) -> bytes:
    """Return what stands before ``size`` bytes in a ``.npy`` file."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "|u1", "fortran_order": False, "shape": (size,)})
    return out.getvalue()


def load(folder: Path | None, key: str) -> Entry | None:
    """Return an entry, or None where there is none that is whole."""
    if folder is None:
        return None
    try:
        return _parse(np.memmap(folder / f"{key}.npy", dtype=np.uint8, mode="r"))
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return None


def _parse(raw: Any) -> Entry | None:
    """Return the contents of a mapped file, or None where its header or checksum says that it was altered.

    The header is compared with the only one that fits the size: numpy's own reader is no judge of damage.
    """
    start = len(_npy_header(0))
    flat: Any = raw[start:].view(np.ndarray)
    if raw[:start].tobytes() != _npy_header(len(flat)):
        return None
    checksum, rest = _CHECKSUM.unpack(flat[: _CHECKSUM.size].tobytes())[0], flat[_CHECKSUM.size :]
    if zlib.crc32(rest) != checksum:
        return None
    end = _LENGTH.size + _LENGTH.unpack(rest[: _LENGTH.size].tobytes())[0]
    header = json.loads(rest[_LENGTH.size : end].tobytes().decode("utf-8", "surrogatepass"))
    arrays: dict[str, NDArray[Any]] = {}
    for name, kind, shape, offset in header["arrays"]:
        dtype = np.dtype(_TYPES[kind])
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        arrays[name] = rest[end + offset : end + offset + size].view(dtype).reshape(shape)
    return Entry(arrays, header["data"])


def prune(folder: Path | None) -> None:
    """Remove what unfinished writers left, and the oldest entries above the limit."""
    if folder is None:
        return
    now, total = time.time(), 0
    with suppress(OSError):
        found = [(path.stat(), path) for path in folder.iterdir() if path.suffix in (".npy", ".tmp")]
        for status, path in sorted(found, key=lambda item: -item[0].st_mtime):
            total += status.st_size
            stale = path.suffix == ".tmp" and now - status.st_mtime > _STALE_SECONDS
            if total > LIMIT or stale:
                path.unlink(missing_ok=True)
