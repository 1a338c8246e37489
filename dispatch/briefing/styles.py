"""Styles of layers as QGIS reads them (QML): symbols, classes of numbers, categories, labels.

Only symbology and labels are written; all else is left to the program. Symbols are written in both spellings,
that of QGIS before 3.18 and that of later ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

Geometry = Literal["marker", "line", "fill"]

VERSION = "3.22.0"
HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
NUMBER = {"marker": "0", "line": "1", "fill": "2"}
"""What QGIS calls layers of points, lines and polygons."""

PLACEMENT = {"marker": "0", "line": "2", "fill": "4"}
"""Labels around points, along lines, level in polygons."""

BARE = ("cross", "cross2")
"""Markers that are nothing but an outline."""

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML file may have."""


class Symbol(NamedTuple):
    """How a thing is drawn; sizes in millimetres."""

    geometry: Geometry
    colour: str
    """As ``#rrggbb``."""
    size: float = 2.0
    """Across for markers; the width of lines and outlines."""
    shape: str = "circle"
    opacity: int = 255
    """Of a fill, 0 to 255."""


class Class(NamedTuple):
    """Numbers above ``lower`` and up to ``upper`` that are drawn alike."""

    lower: float
    upper: float
    label: str
    symbol: Symbol


class Category(NamedTuple):
    """Things of one value; an empty value with ``is_rest`` is all others."""

    value: str
    label: str
    symbol: Symbol
    is_rest: bool = False


def graduated(expression: str, classes: Sequence[Class], label: str = "") -> str:
    """Return a style by classes of a number; ``label`` is the expression of labels, empty for none."""
    renderer = _renderer("graduatedSymbol", attr=expression, graduatedMethod="GraduatedColor")
    ranges = ET.SubElement(renderer, "ranges")
    for number, each in enumerate(classes):
        values = {"lower": f"{each.lower:.15f}", "upper": f"{each.upper:.15f}", "label": _fit(each.label)}
        ET.SubElement(ranges, "range", {**values, "symbol": str(number), "render": "true"})
    return _text(renderer, [each.symbol for each in classes], label)


def categorised(expression: str, categories: Sequence[Category], label: str = "") -> str:
    """Return a style by categories; what is in none of them is not drawn.

    An empty value also stands for all that has none of the others.
    """
    renderer = _renderer("categorizedSymbol", attr=expression)
    listed = ET.SubElement(renderer, "categories")
    for number, each in enumerate(categories):
        kind = "NULL" if each.is_rest else "string"
        values = {"value": "NULL" if each.is_rest else _fit(each.value), "label": _fit(each.label)}
        ET.SubElement(listed, "category", {**values, "type": kind, "symbol": str(number), "render": "true"})
    return _text(renderer, [each.symbol for each in categories], label)


def single(symbol: Symbol, label: str = "") -> str:
    """Return a style with one symbol for all."""
    return _text(_renderer("singleSymbol"), [symbol], label)


def column(name: str) -> str:
    """Return a column as expressions name it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as expressions name it."""
    return "'" + _fit(text).replace("\\", "\\\\").replace("'", "''") + "'"


def _fit(text: str) -> str:
    return _UNFIT.sub("�", text)


def _renderer(kind: str, **more: str) -> ET.Element:
    plain = {"enableorderby": "0", "forceraster": "0", "symbollevels": "0"}
    return ET.Element("renderer-v2", {"type": kind, **plain, **{k: _fit(v) for k, v in more.items()}})


def _text(renderer: ET.Element, symbols: Sequence[Symbol], label: str) -> str:
    geometry = symbols[0].geometry
    root = ET.Element(
        "qgis",
        {"version": VERSION, "styleCategories": "Symbology|Labeling", "labelsEnabled": str(int(bool(label)))},
    )
    root.append(renderer)
    drawn = ET.SubElement(renderer, "symbols")
    for number, symbol in enumerate(symbols):
        drawn.append(_symbol(number, symbol))
    if label:
        root.append(_labels(label, geometry))
    ET.SubElement(root, "layerGeometryType").text = NUMBER[geometry]
    ET.indent(root)
    return HEAD + ET.tostring(root, encoding="unicode") + "\n"


def _symbol(number: int, symbol: Symbol) -> ET.Element:
    plain = {"alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    found = ET.Element("symbol", {"type": symbol.geometry, "name": str(number), **plain})
    kind = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}[symbol.geometry]
    layer = ET.SubElement(found, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in _properties(symbol).items():
        ET.SubElement(options, "Option", {"name": name, "type": "QString", "value": value})
        ET.SubElement(layer, "prop", {"k": name, "v": value})
    return found


def _properties(symbol: Symbol) -> dict[str, str]:
    colour = _rgba(symbol.colour)
    if symbol.geometry == "line":
        width = {"line_width": f"{symbol.size:g}", "line_width_unit": "MM"}
        return {
            "line_color": colour,
            **width,
            "line_style": "solid",
            "capstyle": "round",
            "joinstyle": "round",
        }
    if symbol.geometry == "fill":
        outline = {"outline_color": colour, "outline_width": f"{symbol.size:g}", "outline_width_unit": "MM"}
        fill = {"color": _rgba(symbol.colour, symbol.opacity), "style": "solid", "outline_style": "solid"}
        return {**fill, **outline}
    size = {"size": f"{symbol.size:g}", "size_unit": "MM", "name": symbol.shape}
    is_bare = symbol.shape in BARE
    edge = (colour, "0.8") if is_bare else ("255,255,255,255", "0.2")
    outline = {"outline_color": edge[0], "outline_style": "solid", "outline_width": edge[1]}
    return {"color": colour, **size, **outline, "outline_width_unit": "MM"}


def _rgba(colour: str, opacity: int = 255) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{opacity}"


def _labels(expression: str, geometry: Geometry) -> ET.Element:
    """Return labels by an expression, black with a white edge."""
    found = ET.Element("labeling", {"type": "simple"})
    settings = ET.SubElement(found, "settings", {"calloutType": "simple"})
    font = {"fontSize": "8", "fontSizeUnit": "Point", "textColor": "30,30,30,255", "namedStyle": "Regular"}
    style = ET.SubElement(
        settings, "text-style", {"fieldName": _fit(expression), "isExpression": "1", **font}
    )
    edge = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": "255,255,255,255"}
    ET.SubElement(style, "text-buffer", {**edge, "bufferOpacity": "0.9"})
    place = {"placement": PLACEMENT[geometry], "priority": "9" if geometry == "marker" else "3"}
    ET.SubElement(settings, "placement", {**place, "dist": "1", "distUnits": "MM"})
    # else features that are not drawn, being of other layouts, would keep labels away from those that are
    ET.SubElement(settings, "rendering", {"obstacle": "0"})
    return found
