"""Measures of patients taken to the scenario's hospitals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dispatch.study.view import INCIDENT_FILTERS, UNIT_FILTERS

if TYPE_CHECKING:
    from dispatch.engine.log import Admission
    from dispatch.study.view import LogView

    Filters = dict[str, str]

ADMISSION_FILTERS = (*INCIDENT_FILTERS, *UNIT_FILTERS, "hospital")


def _admissions(view: LogView, filters: Filters) -> list[Admission]:
    """Return the patients of measured calls that pass the filters, and who got to a hospital."""
    r, sites = view.responses, view.log.scenario.hospitals
    passing = view.calls(filters)[r.incident] & view.units(filters)[r.unit]
    return [
        each
        for each in view.log.admissions
        if passing[each.response]
        and filters.get("hospital", sites[each.hospital].id) == sites[each.hospital].id
        and not math.isnan(each.began)
    ]


def hospital_n(view: LogView, filters: Filters) -> float:
    """Count the patients of measured calls who were taken to a hospital of the scenario."""
    return float(len(_admissions(view, filters)))


def hospital_wait_mean(view: LogView, filters: Filters) -> float:
    """Mean seconds from arrival at the hospital until the hand-over begins, for want of a free place."""
    found = _admissions(view, filters)
    return float(np.mean([each.began - each.arrived for each in found])) if found else math.nan


def hospital_travel_mean(view: LogView, filters: Filters) -> float:
    """Mean seconds from clear of the scene until at the hospital."""
    found = _admissions(view, filters)
    clear = view.responses.clear
    return float(np.mean([each.arrived - clear[each.response] for each in found])) if found else math.nan
