"""Folders of files with a list of what they hold, written whole or not at all."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dispatch.errors import UsageError
from dispatch.io.run_folder import replace_folder
from dispatch.io.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_listed(
    folder: Path, index: str, files: Mapping[str, bytes], told: Mapping[str, Mapping[str, str]]
) -> None:
    """Write files and a CSV table ``index`` of them; ``told`` is column → file → text.

    A folder that such a table says was written before is replaced in one step; one that holds anything else
    is left as it is, with a UsageError.
    """
    names = sorted(files)
    columns = {name: [texts.get(file, "") for file in names] for name, texts in told.items()}
    write_folder_whole(folder, index, {**files, index: csv_text({"file": names, **columns}).encode()})


def write_folder_whole(folder: Path, index: str, files: Mapping[str, bytes]) -> None:
    """Write files into a folder; the CSV table ``index`` among them names the others in a column ``file``.

    A name may have one folder before it, such as ``cap/E1.xml``.
    """
    try:
        check_listed(folder, index)
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
        try:
            beside.chmod(0o755)
            for name, content in files.items():
                (beside / name).parent.mkdir(exist_ok=True)
                (beside / name).write_bytes(content)
            replace_folder(folder, beside)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"{folder}: cannot be written ({reason})."
        raise UsageError(message, hint="Name another folder, or free some space.") from None


def check_listed(folder: Path, index: str) -> None:
    """Raise UsageError where a folder holds anything that its list, a CSV table ``index``, does not name."""
    if not folder.exists():
        return
    if not folder.is_dir():
        message = f"{folder}: is a file."
        raise UsageError(message, hint="Name a folder.")
    listed = _listed(folder / index)
    parents = {str(PurePosixPath(name).parent) for name in listed}
    inner = (path for path in folder.iterdir() if path.name in parents and not path.is_symlink())
    below = {f"{path.name}/{each.name}" for path in inner if path.is_dir() for each in path.iterdir()}
    present = {path.name for path in folder.iterdir() if path.name not in parents or path.is_symlink()}
    foreign = sorted((present | below) - listed - {index})
    if foreign:
        message = f"{folder}: holds '{foreign[0]}', which was not written here before."
        raise UsageError(message, hint="Name a new folder, so that nothing is lost.")


def _listed(path: Path) -> set[str]:
    """Return the files that a list names; none where there is no list."""
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        return {row["file"] for row in rows}
    except (OSError, ValueError, KeyError, csv.Error):
        return set()
