"""Files written whole or not at all: beside the target first, then put in its place."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the place of ``path`` when the block ends well.

    Folders on the way are made. An error inside the block, or one of the disk, leaves the target as it was;
    those of the disk become a UsageError.
    """
    try:
        if path.is_dir():
            message = f"{path}: is a folder."
            raise UsageError(message, hint="Name a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}-", dir=path.parent))
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    try:
        temporary = folder / "written"
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_text_whole(path: Path, text: str) -> None:
    """Write a UTF-8 text file; an older one is replaced in one step."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="")


def _unwritable(path: Path, error: OSError | ValueError) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    name = str(path).replace("\0", "?")
    return UsageError(
        f"{name}: cannot be written ({reason}).", hint="Name another file, or make its folder writable."
    )
