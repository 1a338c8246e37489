"""Times looked up one by one are those of the whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch.roads.pace import AirTravel, Pace, PacedTravel
from dispatch.roads.travel import road_travel

from .worlds import road_networks

if TYPE_CHECKING:
    from dispatch.roads.network import RoadNetwork


@given(road_networks(), st.data())
def test_rows_equal_tables(network: RoadNetwork, data: st.DataObject) -> None:
    size = len(network.node_ids)
    site = data.draw(st.integers(0, size - 1))
    plain, tabled = road_travel(network, (), None), road_travel(network, (site,), None)
    paced = PacedTravel(plain, Pace(0.75, data.draw(st.sampled_from((0.0, 12.5)))))
    for travel in (plain, tabled, paced, AirTravel(network, 50.0)):
        out, home = travel.outbound_row(site), travel.homebound_row(site)
        assert [out[node] for node in range(size)] == travel.outbound(site).tolist()
        assert [home[node] for node in range(size)] == travel.homebound(site).tolist()
    assert np.array_equal(plain.outbound(site), tabled.outbound(site))
