"""What shapes, rows and classes are called whose shapes do not say it in so many words: by the terms that they are
about, as files define them, else by the ends of their IRIs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from pyoxigraph import NamedNode

from kgcompare.rdf import terms as rdf
from kgcompare.rdf.graph import Graph, Node
from kgcompare.rdf.namespaces import PREFIXES, foreign_slug, local_name, slugify
from kgcompare.schema.paths import PropertyPath
from kgcompare.text.languages import DEFAULT, best

_LABELLED = (rdf.RDFS_LABEL, rdf.SKOS_PREF_LABEL, rdf.DCTERMS_TITLE, rdf.SCHEMA_NAME)


def row_names(graph: Graph, node: Node, path: PropertyPath, alike: Sequence[Node]) -> Mapping[str, str]:
    """What a row is called, by language: as its property shape says or *alike* ones of the same path, else as the terms
    of the path are called, else by the ends of their IRIs."""
    said = said_by(graph, node, rdf.SH_NAME, alike) or graph.texts(node, rdf.RDFS_LABEL)
    if said:
        return said
    if path.predicate in rdf.LABELS and path.predicate.endswith(("label", "Label", "name", "fn")):
        return {"en": "Name", "fr": "Nom"}
    steps = path.alternatives[0]
    texts = [_term(graph, step.predicate) for step in steps]
    if steps[0].inverse:
        return {"": f"Is {_within(readable(steps[0].predicate))} of"}
    tags = [tag for tag in texts[0] if all(tag in other for other in texts)]
    words = {tag: [one[tag] for one in texts] for tag in tags}
    words = words or {"": [(best(one, DEFAULT) or ("", ""))[1] for one in texts]}
    return {tag: ": ".join([text, *map(_within, more)]) for tag, (text, *more) in words.items()}


def _term(graph: Graph, predicate: str) -> Mapping[str, str]:
    """What a predicate is called: as the shapes files say, else the end of its IRI."""
    node = NamedNode(predicate)
    found = next((texts for label in _LABELLED if (texts := graph.texts(node, label))), None)
    return found or {"": readable(predicate)}


def _within(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def said_by(graph: Graph, node: Node, predicate: str, alike: Sequence[Node]) -> Mapping[str, str]:
    """The texts that the first of some property shapes of one path has by a predicate."""
    return next((texts for one in (node, *alike) if (texts := graph.texts(one, predicate))), {})


def readable(term: str) -> str:
    """The end of an IRI as words: "Access URL" of ``dcat:accessURL``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-+.]+", " ", local_name(term))
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in apart.split()]
    text = " ".join(words) or term
    return text[:1].upper() + text[1:]


def free_kind(cls: str, kinds: Collection[str]) -> str:
    """The end of a class as a slug, with that of its vocabulary before it where another class has the same."""
    kind = slugify(readable(cls))
    if kind not in kinds:
        return kind
    prefix = next((name for name, space in PREFIXES.items() if cls.startswith(space)), "")
    space = re.sub(r"[#/][^#/]*\Z", "", cls)
    kind = f"{prefix or slugify(local_name(space))}-{kind}"
    return kind if kind not in kinds else f"{kind}-{foreign_slug(cls)[-6:]}"


def class_names(graph: Graph, cls: str, shapes: Sequence[Node]) -> Mapping[str, str]:
    """What a thing of a class is called: by its shapes, which may be named after themselves, else by itself."""
    asked: list[tuple[Node, str]] = [
        (shape, label) for label in (rdf.SH_NAME, rdf.RDFS_LABEL) for shape in shapes if not _is(shape, cls)
    ]
    asked += [(NamedNode(cls), label) for label in (rdf.SH_NAME, *_LABELLED)]
    for node, label in asked:
        if names := {tag: unshaped(text) for tag, text in graph.texts(node, label).items() if unshaped(text)}:
            return names
    return {"": readable(cls)}


def _is(shape: Node, cls: str) -> bool:
    return isinstance(shape, NamedNode) and shape.value == cls


def unshaped(label: str) -> str:
    """The label of a shape as that of what it is about: "Dataset" of "Dataset shape"."""
    return re.sub(
        r"(?i)[\s:-]*\b(?:node\s*)?shape\b\s*\Z|\A(?:forme|shape) (?:du |de la |des |de l[’']|d[’']|de |of |for )",
        "",
        label,
    ).strip()
