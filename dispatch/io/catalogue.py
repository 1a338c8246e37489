"""Data that ship with the package."""

from __future__ import annotations

from importlib.resources import files


def shipped_texts(kind: str) -> dict[str, str]:
    """Return the texts of the YAML files in a folder of the catalogue by name, in order of name."""
    folder = files("dispatch") / "catalogue" / kind
    found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in found
        if entry.name.endswith(".yaml")
    }
