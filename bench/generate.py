"""A realistic catalogue of any size as N-Quads, one named graph a document: ``python bench/generate.py N -o FILE.nq``.

The same seed gives the same file. Records are made as a curator would type them, and kgcompare's own ingest derives
the rest, so that the file is what an import would have stored: names, aliases and summaries in three languages, an
origin in EDTF, originators in lists, one founding source a method with one to six authors, links whose in-degrees
follow a power law (exponent 3, as by preferential attachment). A file for N methods has about 40 N statements.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, serialize

from kgcompare.graph import RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE, Graph, Node, Term
from kgcompare.ingest import vocabulary_quads
from kgcompare.ingest.records import TYPED_RELATIONS, Records, derive
from kgcompare.namespaces import Base, iri, slugify

LANGUAGES = ("en", "fr", "de")
TYPES = 150
SOURCES, AGENTS = 0.35, 0.3
"""Sources and agents for each method: a founding source brings about three methods, an agent ten of either."""

# Words in English, French and German; the earlier ones are the common ones.
_HEADS = (
    "regression|régression|Regression analysis|analyse|Analyse model|modèle|Modell network|réseau|Netz test|test|Test "
    "classifier|classifieur|Klassifikator estimator|estimateur|Schätzer sampling|échantillonnage|Stichprobe "
    "clustering|partitionnement|Clusteranalyse embedding|plongement|Einbettung optimisation|optimisation|Optimierung "
    "interview|entretien|Interview forest|forêt|Wald survey|enquête|Erhebung transformer|transformeur|Transformer "
    "decomposition|décomposition|Zerlegung filter|filtre|Filter experiment|expérience|Experiment "
    "forecast|prévision|Prognose autoencoder|auto-encodeur|Autoencoder ranking|classement|Rangfolge "
    "matching|appariement|Matching simulation|simulation|Simulation imputation|imputation|Imputation "
    "kernel|noyau|Kern scale|échelle|Skala bootstrap|bootstrap|Bootstrap ensemble|ensemble|Ensemble "
    "grammar|grammaire|Grammatik automaton|automate|Automat"
)
_MODIFIERS = (
    "linear|linéaire|lineare Bayesian|bayésienne|Bayessche adaptive|adaptative|adaptive deep|profonde|tiefe "
    "hierarchical|hiérarchique|hierarchische robust|robuste|robuste stochastic|stochastique|stochastische "
    "sparse|parcimonieuse|dünnbesetzte causal|causale|kausale generative|générative|generative spatial|spatiale|räumliche "
    "temporal|temporelle|zeitliche dynamic|dynamique|dynamische latent|latente|latente quantile|quantile|Quantil- "
    "nonparametric|non-paramétrique|nichtparametrische weighted|pondérée|gewichtete contrastive|contrastive|kontrastive "
    "variational|variationnelle|Variations- recurrent|récurrente|rekurrente multilevel|multiniveau|Mehrebenen- "
    "penalised|pénalisée|penalisierte sequential|séquentielle|sequentielle fuzzy|floue|unscharfe "
    "semantic|sémantique|semantische federated|fédérée|föderierte longitudinal|longitudinale|längsschnittliche "
    "ordinal|ordinale|ordinale mixed|mixte|gemischte narrative|narrative|narrative quantum|quantique|Quanten- "
    "topological|topologique|topologische symbolic|symbolique|symbolische ethnographic|ethnographique|ethnografische "
    "instrumental|instrumentale|instrumentelle thematic|thématique|thematische copula|copule|Copula- "
    "isotonic|isotonique|isotone spectral|spectrale|spektrale tensor|tensorielle|Tensor-"
)
_PHRASES = (
    ("fits the data", "s’ajuste aux données", "passt sich den Daten an"),
    ("learns from labelled examples", "apprend d’exemples étiquetés", "lernt aus beschrifteten Beispielen"),
    ("estimates the effect of an intervention", "estime l’effet d’une intervention", "schätzt die Wirkung eines Eingriffs"),
    ("weighs evidence from several sources", "pondère des preuves de plusieurs sources", "gewichtet Belege aus Quellen"),
    ("reduces the number of dimensions", "réduit le nombre de dimensions", "verringert die Zahl der Dimensionen"),
    ("handles missing observations", "traite les observations manquantes", "behandelt fehlende Beobachtungen"),
    ("compares groups of participants", "compare des groupes de participants", "vergleicht Gruppen von Teilnehmern"),
    ("predicts the next value of a series", "prédit la valeur suivante d’une série", "sagt den nächsten Wert vorher"),
    ("ranks alternatives by several criteria", "classe selon plusieurs critères", "ordnet nach mehreren Kriterien"),
    ("finds structure without labels", "trouve une structure sans étiquettes", "findet Strukturen ohne Beschriftung"),
    ("penalises large coefficients", "pénalise les grands coefficients", "bestraft große Koeffizienten"),
    ("needs few assumptions about the error", "suppose peu de l’erreur", "braucht wenige Annahmen über Fehler"),
    ("works on text, images and graphs", "traite textes, images et graphes", "verarbeitet Texte, Bilder und Graphen"),
    ("asks people about their experience", "interroge les personnes sur leur vécu", "befragt Menschen zu ihrer Erfahrung"),
    ("converges under mild conditions", "converge sous des conditions faibles", "konvergiert unter milden Bedingungen"),
    ("is sensitive to outliers", "est sensible aux valeurs aberrantes", "reagiert empfindlich auf Ausreißer"),
)
_SYLLABLES = "ka ro ve lin ma tu so ber nak hel dri fo mi zan pel qui sor tam we yo gar lund chi rov".split()
_GIVEN = "Ada Bruno Chen Dilnoza Emeka Fatima Goran Hanna Ivo Jun Katya Luis Mei Nils Olga Priya Quentin Rosa".split()
_JOURNALS = 400
_CC0 = NamedNode("https://creativecommons.org/publicdomain/zero/1.0/")
_EDTF, _DATE = iri("edtf:EDTF"), iri("xsd:date")

Words = tuple[tuple[str, ...], ...]


def _words(text: str) -> Words:
    return tuple(tuple(word.split("|")) for word in text.split())


HEADS, MODIFIERS = _words(_HEADS), _words(_MODIFIERS)
_TERMS = {
    name: iri(name).value
    for name in (
        "skos:prefLabel skos:altLabel skos:definition skos:inScheme skos:broader dcterms:subject kgc:family dcterms:type "
        "kgc:origin kgc:origination kgc:agentList kgc:contribution kgc:etAl kgc:order kgc:foundingSource kgc:related "
        "kgc:checked dcterms:created dcterms:license dcterms:title dcterms:issued dcterms:isPartOf bibo:authorList "
        "bibo:volume bibo:pages bibo:doi foaf:name foaf:familyName foaf:givenName"
    ).split()
}
_TYPE_OF = {
    name: iri(name)
    for name in (
        "kgc:Method schema:DefinedTerm skos:Concept foaf:Person bibo:AcademicArticle bibo:Document bibo:Journal "
        "schema:ScholarlyArticle kgc:IndependentText"
    ).split()
}


class Maker:
    """Makes the documents of a catalogue of *size* methods."""

    def __init__(self, size: int, seed: int = 1, base: Base | None = None) -> None:
        self.size = size
        self.base = base or Base()
        self.random = random.Random(seed)
        self.sources = max(1, int(size * SOURCES))
        self.agents = max(10, int(size * AGENTS))
        names = [self._eponym() for _ in range(max(50, size // 4))]
        self.eponyms = sorted(set(names))

    def _eponym(self) -> str:
        return "".join(self.random.choice(_SYLLABLES) for _ in range(self.random.choice((2, 3, 3, 4)))).capitalize()

    def _skewed(self, length: int) -> int:
        """A place in a list, the early ones far more often: in-degrees follow a power law of exponent 3."""
        return int(length * self.random.random() ** 2)

    def name(self, number: int) -> tuple[str, str, str]:
        """The names of a method in the three languages; the same ones whenever they are asked for."""
        mix = random.Random(number * 7919 + 13)
        head = HEADS[int(len(HEADS) * mix.random() ** 2)]
        first = MODIFIERS[int(len(MODIFIERS) * mix.random() ** 1.5)]
        other = MODIFIERS[int(len(MODIFIERS) * mix.random() ** 1.5)]
        who = self.eponyms[int(len(self.eponyms) * mix.random())] if mix.random() < 0.6 else ""
        return (
            f"{who} {first[0]} {other[0]} {head[0]}".strip().capitalize(),
            f"{head[1]} {first[1]} {other[1]} {'de ' + who if who else ''}".strip().capitalize(),
            f"{first[2]} {other[2]} {head[2]} {'nach ' + who if who else ''}".strip().capitalize(),
        )

    def method_slug(self, number: int) -> str:
        """The slug of a method."""
        return f"{slugify(self.name(number)[0])}-{number}"

    def documents(self) -> Iterator[Records]:
        """All documents, in portions, with what an import derives."""
        kinds = (self._concepts(), self._agents(), self._sources(), self._methods())
        portion = Records(self.base)
        for made in (pair for kind in kinds for pair in kind):
            portion.documents[made[0]] = made[1]
            if len(portion.documents) == 1000:
                derive(portion)
                yield portion
                portion = Records(self.base)
        derive(portion)
        yield portion

    def quads(self) -> Iterator[Quad]:
        """All statements, the vocabulary and the shapes first."""
        yield from vocabulary_quads(self.base, ())
        for portion in self.documents():
            yield from portion.all_quads()

    def _record(self, kind: str, slug: str) -> NamedNode:
        return NamedNode(self.base.record(kind, slug))

    def _named(self, kind: str, number: int) -> NamedNode:
        return self._record(kind, f"{kind}-{number}")

    def _concepts(self) -> Iterator[tuple[str, Graph]]:
        for kind, count in (("family", 10), ("domain", 32), ("type", TYPES)):
            for number in range(count):
                node, graph = self._named(kind, number), Graph()
                _add(graph, node, RDF_TYPE, _TYPE_OF["skos:Concept"])
                head, modifier = HEADS[number % len(HEADS)], MODIFIERS[number % len(MODIFIERS)]
                for place, lang in enumerate(LANGUAGES):
                    label = f"{modifier[place]} {head[place]} {number}".capitalize()
                    _add(graph, node, "skos:prefLabel", Literal(label, language=lang))
                _add(graph, node, "skos:inScheme", NamedNode(f"{self.base.value}id/scheme/{kind}"))
                if kind == "domain" and number > 20:
                    _add(graph, node, "skos:broader", self._named(kind, number - 20))
                yield self.base.document(node.value), graph

    def _agents(self) -> Iterator[tuple[str, Graph]]:
        for number in range(self.agents):
            node, graph = self._named("agent", number), Graph()
            family, given = self._eponym(), self.random.choice(_GIVEN)
            _add(graph, node, RDF_TYPE, _TYPE_OF["foaf:Person"])
            _add(graph, node, "foaf:name", Literal(f"{given} {family}"))
            _add(graph, node, "foaf:familyName", Literal(family))
            _add(graph, node, "foaf:givenName", Literal(given))
            yield self._documented(node, graph)

    def _some_agents(self, most: int) -> list[Term]:
        count = 1 + min(self._skewed(most), most - 1)
        return list(dict.fromkeys(self._named("agent", self._skewed(self.agents)) for _ in range(count)))

    def _sources(self) -> Iterator[tuple[str, Graph]]:
        for number in range(self.sources):
            node, graph = self._named("source", number), Graph()
            for cls in ("bibo:AcademicArticle", "bibo:Document", "schema:ScholarlyArticle"):
                _add(graph, node, RDF_TYPE, _TYPE_OF[cls])
            _add(graph, node, "dcterms:title", Literal(f"On the {self.name(self._skewed(self.size))[0].lower()}"))
            _add(graph, node, "dcterms:issued", Literal(str(self._year()), datatype=_EDTF))
            _add(graph, node, "bibo:authorList", _list(graph, f"a{number}", self._some_agents(6)))
            journal = BlankNode(f"j{number}")
            _add(graph, node, "dcterms:isPartOf", journal)
            _add(graph, journal, RDF_TYPE, _TYPE_OF["bibo:Journal"])
            which = self._skewed(_JOURNALS)
            _add(graph, journal, "dcterms:title", Literal(f"Journal of {MODIFIERS[which % 40][0]} methods {which}"))
            _add(graph, node, "bibo:volume", Literal(str(self.random.randrange(1, 90))))
            page = self.random.randrange(1, 900)
            _add(graph, node, "bibo:pages", Literal(f"{page}-{page + self.random.randrange(4, 40)}"))
            _add(graph, node, "bibo:doi", Literal(f"10.{1000 + which}/kg.{number}"))
            yield self._documented(node, graph)

    def _year(self) -> int:
        return 2025 - int(90 * self.random.random() ** 2)

    def _origin(self) -> str:
        year, lot = self._year(), self.random.random()
        if lot < 0.75:
            return str(year)
        if lot < 0.85:
            return f"{year}/{year + 1 + self._skewed(8)}"
        return f"{year}~" if lot < 0.92 else f"{year // 10}X" if lot < 0.97 else f"{year}/.."

    def _methods(self) -> Iterator[tuple[str, Graph]]:
        for number in range(self.size):
            node, graph = self._record("method", self.method_slug(number)), Graph()
            names = self.name(number)
            _add(graph, node, RDF_TYPE, _TYPE_OF["kgc:Method"])
            _add(graph, node, RDF_TYPE, _TYPE_OF["schema:DefinedTerm"])
            for lang, label in zip(LANGUAGES, names, strict=True):
                _add(graph, node, "skos:prefLabel", Literal(label, language=lang))
                _add(graph, node, "skos:definition", Literal(self._summary(label, lang), language=lang))
            self._aliases(graph, node, names)
            _add(graph, node, "dcterms:subject", self._named("domain", self._skewed(32)))
            _add(graph, node, "kgc:family", self._named("family", self._skewed(10)))
            _add(graph, node, "dcterms:type", self._named("type", self._skewed(TYPES)))
            _add(graph, node, "kgc:origin", Literal(self._origin(), datatype=_EDTF))
            for order in range(1 if self.random.random() < 0.85 else 2):
                self._origination(graph, node, number, order)
            _add(graph, node, "kgc:foundingSource", self._named("source", number % self.sources))
            self._links(graph, node, number)
            yield self._documented(node, graph, checked=True)

    def _summary(self, label: str, lang: str) -> str:
        place = LANGUAGES.index(lang)
        phrases = [self.random.choice(_PHRASES)[place] for _ in range(self.random.choice((3, 4, 5)))]
        joint = (" and ", " et ", " und ")[place]
        return f"{label}: {', '.join(phrases[:-1])}{joint}{phrases[-1]}."

    def _aliases(self, graph: Graph, node: NamedNode, names: tuple[str, str, str]) -> None:
        for count in range(self._skewed(5)):
            lang = LANGUAGES[self._skewed(3)]
            words = names[LANGUAGES.index(lang)].split()
            alias = "".join(w[0] for w in words).upper() + str(count or "") if count % 2 == 0 else " ".join(words[::-1])
            _add(graph, node, "skos:altLabel", Literal(alias, language=lang))

    def _origination(self, graph: Graph, node: NamedNode, number: int, order: int) -> None:
        blank = BlankNode(f"o{number}x{order}")
        _add(graph, node, "kgc:origination", blank)
        _add(graph, blank, "kgc:order", Literal(str(order + 1), datatype=iri("xsd:integer")))
        _add(graph, blank, "kgc:agentList", _list(graph, f"m{number}x{order}", self._some_agents(3)))
        if self.random.random() < 0.3:
            _add(graph, blank, "kgc:contribution", Literal(self.random.choice(HEADS)[0], language="en"))
        if self.random.random() < 0.2:
            _add(graph, blank, "kgc:etAl", Literal(True))

    def _links(self, graph: Graph, node: NamedNode, number: int) -> None:
        for _ in range(1 + self._skewed(5)):
            other = self._skewed(self.size)
            if other != number:
                typed = self.random.random() < 0.6
                predicate = self.random.choice(TYPED_RELATIONS) if typed else "kgc:related"
                _add(graph, node, predicate, self._record("method", self.method_slug(other)))

    def _documented(self, node: NamedNode, graph: Graph, *, checked: bool = False) -> tuple[str, Graph]:
        name = self.base.document(node.value)
        document = NamedNode(name)
        if checked:
            day = f"2026-{self.random.randrange(1, 13):02}-{self.random.randrange(1, 29):02}"
            _add(graph, document, "dcterms:created", Literal(day, datatype=_DATE))
            _add(graph, document, "dcterms:license", _CC0)
            _add(graph, document, "kgc:checked", _TYPE_OF["kgc:IndependentText"])
        return name, graph


def _add(graph: Graph, subject: Node, predicate: str, value: Term) -> None:
    graph.add(subject, _TERMS.get(predicate, predicate), value)


def _list(graph: Graph, name: str, members: list[Term]) -> BlankNode:
    cells = [BlankNode(f"{name}y{place}") for place in range(len(members))]
    for cell, after, member in zip(cells, [*cells[1:], RDF_NIL], members, strict=True):
        graph.add(cell, RDF_FIRST, member)
        graph.add(cell, RDF_REST, after)
    return cells[0]


def write(size: int, path: Path, seed: int = 1) -> int:
    """Writes a catalogue of *size* methods; returns how many statements it has."""
    count = 0

    def counted() -> Iterator[Quad]:
        nonlocal count
        for quad in Maker(size, seed).quads():
            count += 1
            yield quad

    scratch = path.with_name(path.name + ".part")
    serialize(counted(), str(scratch), RdfFormat.N_QUADS)
    scratch.replace(path)
    return count


def main() -> None:
    """Writes the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", type=int, metavar="N", help="how many methods")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.nq")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    count = write(options.size, options.output, options.seed)
    took = time.perf_counter() - start
    print(
        f"{count} statements, {count / options.size:.1f} a method, {count / took:,.0f} a second",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
