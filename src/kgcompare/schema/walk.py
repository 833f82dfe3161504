"""Property paths of any kind, followed from node to node in either direction.

Source: SHACL, section 2.3.1 (paths).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pyoxigraph import Literal, NamedNode

from kgcompare.rdf.graph import Graph, Term
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.terms import RDF_FIRST, SH_ALTERNATIVE_PATH, SH_INVERSE_PATH

Stepping = Callable[[Iterable[Term], str, bool], set[Term]]
"""Nodes, a predicate, and whether it is read backwards -> where that leads to."""
Ends = Mapping[str, tuple[set[Term], set[Term]]]
"""By predicate the subjects and the objects of some statements."""
_SH = PREFIXES["sh"]
_REPEATED = (("zeroOrOnePath", False, True), ("zeroOrMorePath", True, True), ("oneOrMorePath", True, False))
"""What a path is repeated by, whether more than once, and whether not at all too."""


class Walk:
    """Follows the paths of a shapes graph by single steps."""

    def __init__(self, shapes: Graph, step: Stepping) -> None:
        self._shapes = shapes
        self._step = step

    def ends(self, path: Term, starts: set[Term], *, back: bool = False) -> set[Term]:
        """Where a path leads to from some nodes; where it comes from, if *back*."""
        if not starts or isinstance(path, Literal):
            return set()
        if isinstance(path, NamedNode):
            return self._step(starts, path.value, back)
        said = self._shapes
        if said.objects(path, RDF_FIRST):
            for part in self._parts(path, back=back):
                starts = self.ends(part, starts, back=back)
            return starts
        if (inverse := said.value(path, SH_INVERSE_PATH)) is not None:
            return self.ends(inverse, starts, back=not back)
        if (choices := said.value(path, SH_ALTERNATIVE_PATH)) is not None:
            return set().union(*(self.ends(part, starts, back=back) for part in said.members(choices)))
        for name, more, none in _REPEATED:
            if (inner := said.value(path, _SH + name)) is not None:
                return self.repeated(inner, starts, more=more, none=none, back=back)
        return set()

    def repeated(
        self, path: Term, starts: set[Term], *, more: bool = True, none: bool = True, back: bool = False
    ) -> set[Term]:
        """Where a path leads to by going it again and again (*more*), or not at all (*none*)."""
        reached = set(starts) if none else set()
        fresh = starts
        while fresh := self.ends(path, fresh, back=back) - reached:
            reached |= fresh
            if not more:
                break
        return reached

    def users(self, path: Term, changed: Ends, *, back: bool = False) -> set[Term]:
        """The nodes from which following a path comes upon one of the *changed* statements."""
        if isinstance(path, Literal):
            return set()
        if isinstance(path, NamedNode):
            return set(changed.get(path.value, (set(), set()))[back])
        said = self._shapes
        if said.objects(path, RDF_FIRST):
            users: set[Term] = set()
            for part in self._parts(path, back=not back):
                users = self.ends(part, users, back=not back) | self.users(part, changed, back=back)
            return users
        if (inverse := said.value(path, SH_INVERSE_PATH)) is not None:
            return self.users(inverse, changed, back=not back)
        if (choices := said.value(path, SH_ALTERNATIVE_PATH)) is not None:
            return set().union(*(self.users(part, changed, back=back) for part in said.members(choices)))
        for name, more, _ in _REPEATED:
            if (inner := said.value(path, _SH + name)) is not None:
                at = self.users(inner, changed, back=back)
                return self.repeated(inner, at, back=not back) if more else at
        return set()

    def _parts(self, path: Term, *, back: bool) -> list[Term]:
        parts = self._shapes.members(path)
        return parts[::-1] if back else parts
