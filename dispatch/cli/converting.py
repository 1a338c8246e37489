"""The command that brings points from Chinese maps to WGS 84 and back."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.finding import check_target
from dispatch.errors import UsageError


class Crs(StrEnum):
    """A coordinate system of points in degrees."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


FromCrs = Annotated[
    Crs,
    typer.Option(
        "--from-crs",
        case_sensitive=False,
        help="System of the points: gcj02 (Amap, Tencent), bd09 (Baidu), wgs84 (GPS, OpenStreetMap).",
        show_default=False,
    ),
]


def network_convert(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV table or GeoJSON file.", show_default=False)
    ],
    *,
    from_crs: FromCrs,
    to_crs: Annotated[
        Crs, typer.Option("--to-crs", case_sensitive=False, help="System to convert to.")
    ] = Crs.WGS84,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT", help="Write this file; printed when left out."),
    ] = None,
) -> None:
    """Convert points between GPS and the shifted coordinates of Chinese maps.

    A table needs columns lon and lat (or lng, longitude, x_coord, 经度; latitude, y_coord, 纬度), or WKT in a
    column geometry; all other columns stay as they are. GeoJSON may have geometries of any kind.

    Example: dispatch network convert networks/lanzhou-new-area/node.csv --from-crs wgs84 --to-crs gcj02
    """
    from dispatch.importing.points import converted_file, format_of
    from dispatch.io.whole_files import write_text_whole

    if out is not None:
        _check_target(file, out)
        if format_of(out) != format_of(file):
            message = f"{out.name}: another format than {file.name}."
            raise UsageError(message, hint=f"Name a file that ends in {file.suffix}.")
        _check_old(out)
    result = converted_file(file, from_crs.value, to_crs.value)
    if out is None:
        sys.stdout.write(("" if sys.stdout.isatty() else _mark(file)) + result.text)
        sys.stdout.flush()
    else:
        write_text_whole(out, _mark(file) + result.text)
    stayed = f"; outside China, unchanged: {result.stayed:,}" if result.stayed else ""
    wrote = f"wrote {out}: " if out is not None else ""
    told = f"{wrote}points converted from {from_crs.value} to {to_crs.value}: {result.moved:,}{stayed}."
    typer.echo(told, err=out is None)


def _check_target(file: Path, out: Path) -> None:
    """Refuse to write over what is read, also by another name, and over files of a network."""
    try:
        same = os.path.exists(out) and os.path.exists(file) and os.path.samefile(file, out)
    except (OSError, ValueError):
        same = False
    if same:
        message = f"{out}: is the file to be converted."
        raise UsageError(message, hint="Name another file, so that nothing is lost.")
    check_target(out, ())


def _check_old(out: Path) -> None:
    """Refuse to replace a file that holds something else than points."""
    from dispatch.importing.points import holds_points

    if os.path.exists(out) and os.path.getsize(out) and not holds_points(out):
        message = f"{out}: is there already and holds no points."
        raise UsageError(message, hint="Name a new file, so that nothing is lost.")


def _mark(file: Path) -> str:
    """Return the byte-order mark where a table has one: Excel needs it to read Chinese texts."""
    with file.open("rb") as raw:
        return "\ufeff" if file.suffix.lower() == ".csv" and raw.read(3) == b"\xef\xbb\xbf" else ""
