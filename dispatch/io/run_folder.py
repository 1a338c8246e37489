"""Run folders: everything a run or a study leaves behind, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.errors import UsageError
from dispatch.io.tables import WRITERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

MANIFEST = "manifest.json"


def json_text(value: Any) -> str:
    """Return JSON with sorted keys, and null for numbers that are not finite, so that equal is equal."""
    return json.dumps(_finite(value), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n"


def compact_json_text(value: Mapping[str, Any], depth: int) -> str:
    """Return JSON as ``json_text`` does, but what stands deeper than ``depth`` on the line of its key."""
    return _compact(_finite(value), depth, "") + "\n"


def _compact(value: Any, depth: int, indent: str) -> str:
    if not depth or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
    inner = f"{indent} "
    lines = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_compact(value[key], depth - 1, inner)}"
        for key in sorted(value)
    ]
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def check_target(folder: Path) -> None:
    """Raise UsageError unless a run folder may be written here: nothing there, or an older run folder."""
    try:
        above = next(up for up in folder.absolute().parents if up.exists())
        tempfile.TemporaryDirectory(dir=above).cleanup()
        if not folder.exists():
            return
        if not folder.is_dir():
            message = f"{folder}: is a file."
            raise UsageError(message, hint="Name a folder.")
        present = {path.name for path in folder.iterdir()}
    except OSError as error:
        message = f"{folder}: cannot be used ({error.strerror})."
        raise UsageError(message, hint="Name another folder.") from None
    foreign = sorted(present - _files_of_earlier_run(folder))
    if foreign:
        message = f"{folder}: holds '{foreign[0]}', which is not of an earlier run."
        raise UsageError(message, hint="Name a new folder, so that nothing is lost.")


def _files_of_earlier_run(folder: Path) -> set[str]:
    """Return the files that a manifest in the folder says it was written with."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {str(name) for name in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def check_format(table_format: str) -> None:
    """Raise UsageError when a table format cannot be written here."""
    if table_format not in WRITERS:
        message = f"--format {table_format}: unknown."
        raise UsageError(message, hint=f"Choose {' or '.join(WRITERS)}.")
    if table_format == "parquet":
        try:
            import duckdb  # noqa: F401
        except ImportError:
            message = "--format parquet: needs the package duckdb."
            raise UsageError(message, hint="Install it with: pip install 'dispatch[store]'.") from None


def write_folder(
    folder: Path,
    documents: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, Sequence[object] | NDArray[np.generic]]],
    table_format: str = "csv",
) -> None:
    """Write JSON documents, or their text, and tables into a folder, replacing an older one in one step.

    The document ``manifest`` also lists the files with their digests: so an older run folder is known, and
    a table that somebody has changed.

    Everything is written beside the target first; an error leaves the target as it was.
    """
    check_target(folder)
    check_format(table_format)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        message = f"{folder}: cannot be written ({error.strerror})."
        raise UsageError(message, hint="Name another folder.") from None
    try:
        temporary.chmod(0o755)
        for name, columns in tables.items():
            WRITERS[table_format](temporary / f"{name}.{table_format}", columns)
        files = {path.name: file_digest(path) for path in temporary.iterdir()}
        files |= {f"{name}.json": "" for name in documents}
        for name, document in documents.items():
            content = {**document, "files": files} if f"{name}.json" == MANIFEST else document
            text = content if isinstance(content, str) else json_text(content)
            (temporary / f"{name}.json").write_text(text, encoding="utf-8", newline="")
        replace_folder(folder, temporary)
    except OSError as error:
        message = f"{folder}: cannot be written ({error.strerror})."
        raise UsageError(message, hint="Free some space, or name another folder.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def file_digest(path: Path) -> str:
    """Return a digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def replace_folder(folder: Path, temporary: Path) -> None:
    """Put a finished folder in its place."""
    if not folder.exists():
        temporary.rename(folder)
        return
    old = temporary.with_name(f"{temporary.name}-old")
    folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        os.replace(old, folder)  # noqa: PTH105 - Path.rename would not replace on every system
        raise
    shutil.rmtree(old, ignore_errors=True)
