"""A part of the bundled catalogue: the methods that people compare, and the records of all that these name."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode, Triple, parse

from kgcompare import resources
from kgcompare.rdf.graph import Term
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base

_THING = f"{DEFAULT_BASE}id/"


def part_of_bundled() -> Iterator[Triple]:
    """What their files say, without links to methods that are not among them."""
    data = resources.folder("data")
    slugs = {slug for row in resources.example_comparisons() for slug in row}
    files = [*data.glob("*.ttl"), *data.glob("sources/*.ttl"), *(data / f"methods/{slug}.ttl" for slug in slugs)]
    said: dict[Term | Triple, list[Triple]] = {}
    for path in files:
        for quad in parse(path=str(path)):
            said.setdefault(quad.subject, []).append(quad.triple)
    wanted: list[Term | Triple] = [NamedNode(f"{_THING}method/{slug}") for slug in sorted(slugs)]
    seen = set(wanted)
    for node in wanted:  # which grows
        about = [NamedNode(Base().document(node.value))] if isinstance(node, NamedNode) else []
        for triple in (triple for one in (node, *about) for triple in said.get(one, ())):
            named = triple.object
            if named in said and named not in seen:
                seen.add(named)
                wanted.append(named)
            if named in seen or not (isinstance(named, NamedNode) and named.value.startswith(_THING)):
                yield triple
