"""Standards profiles: found by name in the catalogue or read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import Problems, ScenarioError, UsageError, did_you_mean
from dispatch.io.catalogue import shipped_texts
from dispatch.io.validating import validate
from dispatch.io.yaml_source import parse_yaml, read_yaml
from dispatch.model.standards import StandardFile

if TYPE_CHECKING:
    from dispatch.io.yaml_source import YamlDocument


@dataclass(frozen=True, slots=True)
class Standard:
    """A profile with the name it goes by."""

    name: str
    file: StandardFile


def catalogue() -> dict[str, str]:
    """Return the texts of the profiles that ship with the package, by name."""
    return shipped_texts("standards")


def shipped() -> list[Standard]:
    """Return the profiles of the catalogue in order of their names."""
    return [standard(name) for name in catalogue()]


def standard(asked: str) -> Standard:
    """Return a profile by its name in the catalogue, or from a YAML file.

    Raises UsageError for an unknown name, and ScenarioError with every problem of a file.
    """
    problems = Problems()
    name, document = _document(asked, problems)
    file = validate(StandardFile, document, problems)[0] if document else None
    problems.raise_if_any(ScenarioError)
    assert file is not None
    return Standard(name, file)


def _document(asked: str, problems: Problems) -> tuple[str, YamlDocument | None]:
    known = catalogue()
    if asked in known:
        return asked, parse_yaml(known[asked], f"{asked}.yaml", problems)
    if asked.lower().endswith((".yaml", ".yml")):
        path = Path(asked)
        return path.stem, read_yaml(path, problems)
    message = f"--standard {asked}: no standards profile of this name."
    begun = [name for name in known if asked and name.startswith(asked.lower())]
    meant = f"Did you mean {' or '.join(begun)}?" if begun else did_you_mean(asked, known)
    raise UsageError(message, hint=f"{meant} Or name a YAML file of your own.".strip())
