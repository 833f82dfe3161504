"""A realistic catalogue of any size as N-Quads, one named graph a document: ``python bench/generate.py N -o FILE.nq``.

The same seed gives the same file. It holds what an import would have stored, with all that is derived: names, aliases
and summaries in three languages, an origin in EDTF, originators in lists, one founding source a method with one to six
authors, links whose in-degrees follow a power law (exponent 3, as by preferential attachment). A file for N methods has
about 42 N statements.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import BlankNode, Literal, RdfFormat, parse

from kgcompare.ingest import vocabulary_quads
from kgcompare.rdf.graph import Graph, structure_key
from kgcompare.rdf.namespaces import Base, iri
from kgcompare.schema.vocabulary import typed_relations
from kgcompare.text import dates

LANGUAGES = ("en", "fr", "de")
TYPES = 150
SOURCES, AGENTS = 0.35, 0.3
"""Sources and agents for each method: a founding source brings about three methods, an agent ten of either."""

Words = tuple[tuple[str, ...], ...]
Lines = list[str]


def _split(text: str) -> list[str]:
    return text.split()


def _words(text: str) -> Words:
    return tuple(tuple(word.split("|")) for word in text.split())


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
    "sparse|parcimonieuse|dünnbesetzte causal|causale|kausale generative|générative|generative "
    "spatial|spatiale|räumliche "
    "temporal|temporelle|zeitliche dynamic|dynamique|dynamische latent|latente|latente quantile|quantile|Quantil- "
    "nonparametric|non-paramétrique|nichtparametrische weighted|pondérée|gewichtete "
    "contrastive|contrastive|kontrastive "
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
    (
        "estimates the effect of an intervention",
        "estime l’effet d’une intervention",
        "schätzt die Wirkung eines Eingriffs",
    ),
    (
        "weighs evidence from several sources",
        "pondère des preuves de plusieurs sources",
        "gewichtet Belege aus Quellen",
    ),
    ("reduces the number of dimensions", "réduit le nombre de dimensions", "verringert die Zahl der Dimensionen"),
    ("handles missing observations", "traite les observations manquantes", "behandelt fehlende Beobachtungen"),
    ("compares groups of participants", "compare des groupes de participants", "vergleicht Gruppen von Teilnehmern"),
    ("predicts the next value of a series", "prédit la valeur suivante d’une série", "sagt den nächsten Wert vorher"),
    ("ranks alternatives by several criteria", "classe selon plusieurs critères", "ordnet nach mehreren Kriterien"),
    ("finds structure without labels", "trouve une structure sans étiquettes", "findet Strukturen ohne Beschriftung"),
    ("penalises large coefficients", "pénalise les grands coefficients", "bestraft große Koeffizienten"),
    ("needs few assumptions about the error", "suppose peu de l’erreur", "braucht wenige Annahmen über Fehler"),
    ("works on text, images and graphs", "traite textes, images et graphes", "verarbeitet Texte, Bilder und Graphen"),
    (
        "asks people about their experience",
        "interroge les personnes sur leur vécu",
        "befragt Menschen zu ihrer Erfahrung",
    ),
    ("converges under mild conditions", "converge sous des conditions faibles", "konvergiert unter milden Bedingungen"),
    ("is sensitive to outliers", "est sensible aux valeurs aberrantes", "reagiert empfindlich auf Ausreißer"),
)
_SYLLABLES = _split("ka ro ve lin ma tu so ber nak hel dri fo mi zan pel qui sor tam we yo gar lund chi rov")
_GIVEN = _split("Ada Bruno Chen Dilnoza Emeka Fatima Goran Hanna Ivo Jun Katya Luis Mei Nils Olga Priya Quentin Rosa")
_JOURNALS = 400


HEADS, MODIFIERS = _words(_HEADS), _words(_MODIFIERS)
_T = {
    name: str(iri(name))
    for name in _split(
        "skos:prefLabel skos:altLabel skos:definition skos:inScheme skos:broader dcterms:subject kgc:family "
        "dcterms:type "
        "kgc:origin kgc:originStart kgc:originEnd kgc:origination kgc:agentList kgc:contribution kgc:etAl kgc:order "
        "kgc:foundingSource kgc:related kgc:comparisonKey kgc:checked dcterms:created dcterms:creator dcterms:license "
        "dcterms:title dcterms:issued dcterms:isPartOf bibo:authorList bibo:volume bibo:pages bibo:doi foaf:name "
        "foaf:familyName foaf:givenName rdf:type rdf:first rdf:rest rdf:nil kgc:Method schema:DefinedTerm skos:Concept "
        "foaf:Person bibo:AcademicArticle bibo:Document bibo:Journal schema:ScholarlyArticle kgc:IndependentText"
    )
}
_TYPED = [f"<{relation}>" for relation in typed_relations()]
_CC0 = "<https://creativecommons.org/publicdomain/zero/1.0/>"
_EDTF, _DATE, _INTEGER = (f"^^{iri(name)}" for name in ("edtf:EDTF", "xsd:date", "xsd:integer"))
_TRUE = str(Literal(True))


class Maker:
    """Makes the documents of a catalogue of *size* methods, as lines of N-Quads.

    Texts are put together from the words above, none of which holds a character that N-Quads would escape.
    """

    def __init__(self, size: int, seed: int = 1) -> None:
        self.size = size
        self.base = Base()
        self.random = random.Random(seed)
        self.sources = max(1, int(size * SOURCES))
        self.agents = max(10, int(size * AGENTS))
        self.eponyms = sorted({self._eponym() for _ in range(max(50, size // 4))})

    def _eponym(self) -> str:
        return "".join(self.random.choice(_SYLLABLES) for _ in range(self.random.choice((2, 3, 3, 4)))).capitalize()

    def _skewed(self, length: int) -> int:
        """A place in a list, the early ones far more often: in-degrees follow a power law of exponent 3."""
        return int(length * self.random.random() ** 2)

    def name(self, number: int) -> tuple[str, str, str]:
        """The names of a method in the three languages; the same ones whenever they are asked for."""
        mix = ((number + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mix = ((mix ^ (mix >> 31)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        a, b, c, d = (mix & 0xFFFF) / 65536, (mix >> 16 & 0xFFFF) / 65536, (mix >> 32 & 0xFFFF) / 65536, mix >> 48
        head = HEADS[int(len(HEADS) * a * a)]
        first, other = MODIFIERS[int(len(MODIFIERS) * b * b)], MODIFIERS[int(len(MODIFIERS) * c * c)]
        who = self.eponyms[(d * 65599 + mix % 65521) % len(self.eponyms)] if d & 7 < 5 else ""
        if not who:
            return (
                f"{first[0]} {other[0]} {head[0]}".capitalize(),
                f"{head[1]} {first[1]} {other[1]}".capitalize(),
                f"{first[2]} {other[2]} {head[2]}".capitalize(),
            )
        return (
            f"{who} {first[0]} {other[0]} {head[0]}",
            f"{head[1]} {first[1]} {other[1]} de {who}".capitalize(),
            f"{first[2]} {other[2]} {head[2]} nach {who}".capitalize(),
        )

    def method_slug(self, number: int) -> str:
        """The slug of a method."""
        return f"{self.name(number)[0].lower().replace(' ', '-')}-{number}"

    def documents(self) -> Iterator[tuple[str, Lines]]:
        """The IRI of every document's graph, and its statements without the graph."""
        yield from self._concepts()
        yield from self._agents()
        yield from self._sources()
        yield from self._methods()

    def lines(self) -> Iterator[str]:
        """The file, in pieces of one document; the vocabulary and the shapes first."""
        blanks: dict[str, str] = {}
        for quad in vocabulary_quads(self.base, ()):
            plain = f"{quad} .\n"
            for blank in re.findall(r"_:[0-9a-f]{8,}", plain):
                plain = plain.replace(blank, blanks.setdefault(blank, f"_:v{len(blanks)}"))
            yield plain
        for name, said in self.documents():
            end = f" <{name}> .\n"
            yield end.join(said) + end

    def _record(self, kind: str, slug: str) -> str:
        return f"{self.base.value}id/{kind}/{slug}"

    def _named(self, kind: str, number: int) -> str:
        return f"<{self.base.value}id/{kind}/{kind}-{number}>"

    def _graph(self, node: str) -> str:
        return f"{self.base.value}doc/{node[len(self.base.value) + 4 : -1]}"

    def _concepts(self) -> Iterator[tuple[str, Lines]]:
        for kind, count in (("family", 10), ("domain", 32), ("type", TYPES)):
            for number in range(count):
                node = self._named(kind, number)
                head, modifier = HEADS[number % len(HEADS)], MODIFIERS[number % len(MODIFIERS)]
                said = [f"{node} {_T['rdf:type']} {_T['skos:Concept']}"]
                for lang, first, last in zip(LANGUAGES, modifier, head, strict=True):
                    label = f"{first} {last} {number}".capitalize()
                    said.append(f'{node} {_T["skos:prefLabel"]} "{label}"@{lang}')
                said.append(f"{node} {_T['skos:inScheme']} <{self._record('scheme', kind)}>")
                if kind == "domain" and number > 20:
                    said.append(f"{node} {_T['skos:broader']} {self._named(kind, number - 20)}")
                yield self._graph(node), said

    def _agents(self) -> Iterator[tuple[str, Lines]]:
        for number in range(self.agents):
            node = self._named("agent", number)
            family, given = self._eponym(), self.random.choice(_GIVEN)
            yield (
                self._graph(node),
                [
                    f"{node} {_T['rdf:type']} {_T['foaf:Person']}",
                    f'{node} {_T["foaf:name"]} "{given} {family}"',
                    f'{node} {_T["foaf:familyName"]} "{family}"',
                    f'{node} {_T["foaf:givenName"]} "{given}"',
                ],
            )

    def _some_agents(self, most: int) -> list[str]:
        count = 1 + self._skewed(most)
        return list(dict.fromkeys(self._named("agent", self._skewed(self.agents)) for _ in range(count)))

    def _sources(self) -> Iterator[tuple[str, Lines]]:
        for number in range(self.sources):
            node = self._named("source", number)
            which, page = self._skewed(_JOURNALS), self.random.randrange(1, 900)
            journal = f"_:j{number}"
            container = [
                f"{journal} {_T['rdf:type']} {_T['bibo:Journal']}",
                f'{journal} {_T["dcterms:title"]} "Journal of {MODIFIERS[which % 40][0]} methods {which}"',
            ]
            yield (
                self._graph(node),
                [
                    f"{node} {_T['rdf:type']} {_T['bibo:AcademicArticle']}",
                    f"{node} {_T['rdf:type']} {_T['bibo:Document']}",
                    f"{node} {_T['rdf:type']} {_T['schema:ScholarlyArticle']}",
                    f'{node} {_T["dcterms:title"]} "On the {self.name(self._skewed(self.size))[0].lower()}"',
                    f'{node} {_T["dcterms:issued"]} "{self._issued(number)}"{_EDTF}',
                    f'{node} {_T["bibo:volume"]} "{self.random.randrange(1, 90)}"',
                    f'{node} {_T["bibo:pages"]} "{page}-{page + self.random.randrange(4, 40)}"',
                    f'{node} {_T["bibo:doi"]} "10.{1000 + which}/kg.{number}"',
                    *self._list(node, "bibo:authorList", f"_:a{number}", self._some_agents(6), keyed=True),
                    f"{node} {_T['dcterms:isPartOf']} {journal}",
                    *container,
                    self._key(journal, container),
                ],
            )

    @staticmethod
    def _issued(source: int) -> int:
        return 2025 - int(90 * ((source * 7919 + 31) % 1009 / 1009) ** 2)

    def _origin(self, issued: int) -> str:
        """When a method arose whose founding source is of the year *issued*: then, or up to two years before."""
        year, lot = issued - self._skewed(3), self.random.random()
        if lot < 0.75:
            return str(year)
        if lot < 0.85:
            return f"{year}/{year + 1 + self._skewed(8)}"
        return f"{year}~" if lot < 0.92 else f"{year // 10}X" if lot < 0.97 else f"{year}/.."

    def _methods(self) -> Iterator[tuple[str, Lines]]:
        for number in range(self.size):
            names = self.name(number)
            node = f"<{self._record('method', self.method_slug(number))}>"
            source = number % self.sources
            origin = self._origin(self._issued(source))
            start, end = dates.years(origin)
            said = [
                f"{node} {_T['rdf:type']} {_T['kgc:Method']}",
                f"{node} {_T['rdf:type']} {_T['schema:DefinedTerm']}",
                f"{node} {_T['dcterms:subject']} {self._named('domain', self._skewed(32))}",
                f"{node} {_T['kgc:family']} {self._named('family', self._skewed(10))}",
                f"{node} {_T['dcterms:type']} {self._named('type', self._skewed(TYPES))}",
                f'{node} {_T["kgc:origin"]} "{origin}"{_EDTF}',
                f'{node} {_T["kgc:originStart"]} "{start}"{_INTEGER}',
                f"{node} {_T['kgc:foundingSource']} {self._named('source', source)}",
            ]
            if end is not None:
                said.append(f'{node} {_T["kgc:originEnd"]} "{end}"{_INTEGER}')
            for place, (lang, label) in enumerate(zip(LANGUAGES, names, strict=True)):
                said.append(f'{node} {_T["skos:prefLabel"]} "{label}"@{lang}')
                said.append(f'{node} {_T["skos:definition"]} "{self._summary(label, place)}"@{lang}')
            self._aliases(said, node, names)
            creators: dict[str, None] = {}
            for order in range(1 if self.random.random() < 0.85 else 2):
                creators |= dict.fromkeys(self._origination(said, node, number, order))
            said += [f"{node} {_T['dcterms:creator']} {agent}" for agent in creators]
            self._links(said, node, number)
            name = self._graph(node)
            day = f"2026-{self.random.randrange(1, 13):02}-{self.random.randrange(1, 29):02}"
            said.append(f'<{name}> {_T["dcterms:created"]} "{day}"{_DATE}')
            said.append(f"<{name}> {_T['dcterms:license']} {_CC0}")
            said.append(f"<{name}> {_T['kgc:checked']} {_T['kgc:IndependentText']}")
            yield name, said

    def _summary(self, label: str, place: int) -> str:
        phrases = [phrase[place] for phrase in self.random.choices(_PHRASES, k=self.random.choice((3, 4, 5)))]
        return f"{label}: {', '.join(phrases[:-1])}{(' and ', ' et ', ' und ')[place]}{phrases[-1]}."

    def _aliases(self, said: Lines, node: str, names: tuple[str, str, str]) -> None:
        for count in range(self._skewed(5)):
            place = self._skewed(3)
            words = names[place].split()
            alias = "".join(w[0] for w in words).upper() + str(count or "") if count % 2 == 0 else " ".join(words[::-1])
            line = f'{node} {_T["skos:altLabel"]} "{alias}"@{LANGUAGES[place]}'
            if line not in said:
                said.append(line)

    def _origination(self, said: Lines, node: str, number: int, order: int) -> list[str]:
        blank, agents = f"_:o{number}x{order}", self._some_agents(3)
        own = self._list(blank, "kgc:agentList", f"_:m{number}x{order}", agents)
        own.append(f'{blank} {_T["kgc:order"]} "{order + 1}"{_INTEGER}')
        if self.random.random() < 0.3:
            own.append(f'{blank} {_T["kgc:contribution"]} "{self.random.choice(HEADS)[0]}"@en')
        if self.random.random() < 0.2:
            own.append(f"{blank} {_T['kgc:etAl']} {_TRUE}")
        said.append(f"{node} {_T['kgc:origination']} {blank}")
        said += own
        said.append(self._key(blank, own))
        return agents

    def _links(self, said: Lines, node: str, number: int) -> None:
        others: dict[int, None] = {}
        for _ in range(1 + self._skewed(5)):
            other = self._skewed(self.size)
            if other != number and other not in others:
                others[other] = None
                target = f"<{self._record('method', self.method_slug(other))}>"
                if self.random.random() < 0.6:
                    said.append(f"{node} {self.random.choice(_TYPED)} {target}")
                said.append(f"{node} {_T['kgc:related']} {target}")

    def _list(self, node: str, predicate: str, stem: str, members: list[str], *, keyed: bool = False) -> Lines:
        cells = [f"{stem}y{place}" for place in range(len(members))]
        lines = [f"{node} {_T[predicate]} {cells[0]}"]
        for cell, after, member in zip(cells, [*cells[1:], _T["rdf:nil"]], members, strict=True):
            lines += [f"{cell} {_T['rdf:first']} {member}", f"{cell} {_T['rdf:rest']} {after}"]
        return [*lines, self._key(cells[0], lines[1:])] if keyed else lines

    def _key(self, node: str, said: Lines) -> str:
        """The key by which kgcompare compares a blank node of which *said* says everything."""
        graph = Graph(parse("".join(f"{line} .\n" for line in said).encode(), RdfFormat.N_TRIPLES))
        key = structure_key(graph, BlankNode(node[2:]))
        return f"{node} {_T['kgc:comparisonKey']} {Literal(key)}"


def write(size: int, path: Path, seed: int = 1) -> int:
    """Writes a catalogue of *size* methods; returns how many statements it has."""
    count = 0
    scratch = path.with_name(path.name + ".part")
    with scratch.open("w", encoding="utf-8", newline="") as file:
        for piece in Maker(size, seed).lines():
            file.write(piece)
            count += piece.count("\n")
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
