"""The graph questions that the document asks: order, cycles, reachability. networkx answers them.

networkx is imported when the first question is asked, because opening a design must stay quick.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
Pairs = Iterable[tuple[K, K]]


def stable_order(keys: Sequence[K], pairs: Pairs[K]) -> list[K]:
    """Return `keys` sources first, ties in the order given. Keys that lie on a cycle are left out."""
    import networkx as nx

    graph = _graph(keys, pairs)
    rank = {key: i for i, key in enumerate(keys)}
    try:
        return list(nx.lexicographical_topological_sort(graph, key=rank.__getitem__))
    except nx.NetworkXUnfeasible:
        graph.remove_nodes_from(_on_cycles(graph))
        return list(nx.lexicographical_topological_sort(graph, key=rank.__getitem__))


def cycle_path(keys: Sequence[K], pairs: Pairs[K]) -> list[K]:
    """Return one cycle as a path whose first and last key are the same; empty where there is none."""
    import networkx as nx

    try:
        edges = nx.find_cycle(_graph(keys, pairs))
    except nx.NetworkXNoCycle:
        return []
    return [edges[0][0], *(target for _, target in edges)]


def downstream(start: Iterable[K], pairs: Pairs[K]) -> set[K]:
    """Return everything that can be reached from `start` along the pairs, `start` included."""
    return reached(start, followers(pairs))


def followers(pairs: Pairs[K]) -> dict[K, list[K]]:
    """Return for each key what comes right after it."""
    following: dict[K, list[K]] = {}
    for source, target in pairs:
        following.setdefault(source, []).append(target)
    return following


def reached(start: Iterable[K], following: dict[K, list[K]]) -> set[K]:
    """Return everything that can be reached from `start`, `start` included: `downstream`, asked more than once."""
    seen = set(start)
    queue = list(seen)
    while queue:
        for key in following.get(queue.pop(), ()):
            if key not in seen:
                seen.add(key)
                queue.append(key)
    return seen


def upstream(end: Iterable[K], pairs: Pairs[K]) -> set[K]:
    """Return everything from which `end` can be reached, `end` included."""
    return downstream(end, [(target, source) for source, target in pairs])


def _graph(keys: Sequence[K], pairs: Pairs[K]) -> Any:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(keys)
    known = set(keys)
    graph.add_edges_from((a, b) for a, b in pairs if a in known and b in known)
    return graph


def _on_cycles(graph: Any) -> set[Any]:
    import networkx as nx

    looped = {key for key in graph if graph.has_edge(key, key)}
    return looped.union(*(part for part in nx.strongly_connected_components(graph) if len(part) > 1))
