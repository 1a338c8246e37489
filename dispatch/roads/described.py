"""What networks of both kinds share: their description, node numbers by id, the nearest node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dispatch.errors import NetworkError, Problem
from dispatch.roads import geometry

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from dispatch.roads.network_file import NetworkFile

T = TypeVar("T")


class Described:
    """Base of the networks; the fields are those of the dataclasses that build on it."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def meta(self) -> NetworkFile: ...  # noqa: D102
        @property
        def node_ids(self) -> tuple[str, ...]: ...  # noqa: D102
        @property
        def x(self) -> NDArray[np.float64] | None: ...  # noqa: D102
        @property
        def y(self) -> NDArray[np.float64] | None: ...  # noqa: D102
        @property
        def _lazy(self) -> dict[str, Any]: ...

    @property
    def name(self) -> str:
        """Short name."""
        return self.meta.name

    @property
    def title(self) -> str:
        """Name for readers."""
        return self.meta.title

    @property
    def geographic(self) -> bool:
        """Whether x and y are longitude and latitude in degrees, else metres."""
        return self.meta.geographic

    @property
    def index(self) -> dict[str, int]:
        """Node number by id."""
        return self.once("index", lambda: {text: i for i, text in enumerate(self.node_ids)})

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return what ``make`` returned the first time; it hangs on this network alone."""
        if name not in self._lazy:
            self._lazy[name] = make()
        made: T = self._lazy[name]
        return made

    def nearest(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return the nearest node to each point as number [k] and straight-line metres [k]."""
        own_x, own_y = self.x, self.y
        if own_x is None or own_y is None:
            fact = f"the network '{self.name}' has no coordinates"
            raise NetworkError([Problem("node.csv", fact, "Name places by id, or add x_coord and y_coord.")])
        tree = self.once("tree", lambda: geometry.search_tree(own_x, own_y, geographic=self.geographic))
        return geometry.nearest(tree, x, y, geographic=self.geographic)
