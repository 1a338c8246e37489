"""First-due classes can be told apart on thin lines, by everybody."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from dispatch.briefing.colours import FIRST_DUE, NEVER

COLOURS = [colour for _, colour in FIRST_DUE]
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
# Machado, Oliveira and Fernandes (2009), severity 1.
EYES = {
    "all": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
}


def lab(colour: str, eyes: str = "all") -> np.ndarray:
    """Return CIE L*a*b* of a colour as it is seen."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(EYES[eyes]) @ linear, 0, 1)
    ratio = TO_XYZ @ seen / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_neighbours_differ_in_lightness() -> None:
    steps = [abs(lab(one)[0] - lab(next_)[0]) for one, next_ in pairwise(COLOURS)]
    assert min(steps) >= 14


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_look_alike(eyes: str) -> None:
    for one, other in combinations([*COLOURS, NEVER], 2):
        assert np.linalg.norm(lab(one, eyes) - lab(other, eyes)) >= 16, (one, other)
