"""Notices a training loop that adds nodes to the graph on every step."""

from __future__ import annotations

from scopedjax._src.graph.graph import Graph
from scopedjax._src.graph.site import Site

_STEPS = 20  # growths from one line, each followed by a run, before the warning


class GrowthWatch:
    """Counts, for one session, runs before each of which the same line of the user's program added nodes."""

    __slots__ = ("_counts", "graph", "version")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.version = graph.version
        self._counts: dict[Site, int] = {}

    def note(self) -> None:
        """Notes that the graph grew since the last run, and warns once a graph."""
        self.version = self.graph.version
        if self.graph.extra.get("warned of growth"):
            return
        site = next(reversed(self.graph._ops.values())).site
        count = self._counts[site] = self._counts.get(site, 0) + 1
        if count >= _STEPS:
            self.graph.extra["warned of growth"] = True
            self.graph.warn_growth(site)
