"""Things that links join, and the islands that they make.

Part of a :mod:`kgcompare.report`.

Source: Tarjan (1975), the efficiency of a good but not linear set union algorithm; here with halved paths.
"""

from __future__ import annotations

from collections.abc import Sequence


def components(links: Sequence[tuple[str, str | None]]) -> list[list[str]]:
    """The islands that links (read in both directions) make of the things on their left, the largest first."""
    parent = {thing: thing for thing, _ in links}

    def root(thing: str) -> str:
        while (above := parent[thing]) != thing:
            parent[thing] = thing = parent[above]
        return thing

    for one, other in links:
        if other is not None and other in parent:
            parent[root(other)] = root(one)
    groups: dict[str, list[str]] = {}
    for thing in sorted(parent):
        groups.setdefault(root(thing), []).append(thing)
    return sorted(groups.values(), key=lambda group: (-len(group), group))
