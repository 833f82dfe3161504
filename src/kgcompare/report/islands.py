"""Things that links join, and the islands that they make.

Part of a :mod:`kgcompare.report`.

Source: Tarjan (1975), the efficiency of a good but not linear set union algorithm; here with halved paths.
"""

from __future__ import annotations

from collections.abc import Sequence


def components(links: Sequence[tuple[str, str | None]]) -> list[list[str]]:
    """The islands that links (read in both directions) make of the things on their left, the largest first."""
    parent = {thing: thing for thing, _ in links}
    for one, other in links:
        if other is None or other not in parent:
            continue
        root, below = one, other
        while (above := parent[root]) != root:
            parent[root] = root = parent[above]
        while (above := parent[below]) != below:
            parent[below] = below = parent[above]
        parent[below] = root
    groups: dict[str, list[str]] = {}
    for thing in sorted(parent):
        root = thing
        while (above := parent[root]) != root:
            parent[root] = root = parent[above]
        groups.setdefault(root, []).append(thing)
    return sorted(groups.values(), key=lambda group: (-len(group), group))
