"""A query over the union of all graphs, written so that it says itself which graphs it reads.

Each triple pattern outside of ``GRAPH`` gets a ``GRAPH`` with a variable of its own, and each variable that stands for
a graph a condition. What a query gives so is what it gives over the union of the graphs that meet the condition. Only
a path that may be any length is followed within one graph: that is right for lists, which never leave the graph of
their record, and for anything else it is an error. Steps of a list need no condition of their own.

Source: SPARQL 1.1 Query Language, section 13.3 (GRAPH), 9 (property paths), 19.8 (grammar).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kgcompare.errors import Unscoped
from kgcompare.rdf.namespaces import PREFIXES
from kgcompare.rdf.sparql_text import names_dataset, placed_tokens

OURS = "kgcompareGraph"
"""What the variables that are put in begin with: those of ``SELECT *`` are taken out of the answer again."""
_NODE = "kgcompareNode"
_RDF = PREFIXES["rdf"]
_LISTS = {f"<{_RDF}rest>", f"<{_RDF}first>", "rdf:rest", "rdf:first"}
_CLOSERS = {"}", "."}

OfGraph = Callable[[str], str]
"""What must hold of the variable of a graph, such as ``?g``, as an expression of SPARQL."""
_Token = tuple[str, str, int, int]


def kind_of_query(query: str) -> str:
    """SELECT, ASK, CONSTRUCT or DESCRIBE; empty for what is no query."""
    tokens = iter([token for token in placed_tokens(query) if token[0] == "word"])
    return next((text.upper() for _, text, _, _ in tokens if text.upper() in _FORMS), "")


_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}


def scoped(query: str, condition: OfGraph) -> str:
    """The query, its patterns each within a graph that meets the condition; as it is where it names its dataset.

    :raises Unscoped: if it is no query that can be written so.
    """
    if names_dataset(query):
        return query
    writer = _Writer(query, condition)
    try:
        writer.query()
    except IndexError:
        raise Unscoped("the query ends in the middle") from None
    return writer.text()


@dataclass(slots=True)
class _Writer:
    """Walks through the tokens of a query, and notes what is to stand where."""

    source: str
    condition: OfGraph
    tokens: list[_Token] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    at: int = 0
    count: int = 0
    inside: bool = False
    """Whether the triples that are read stand within a GRAPH already."""

    def __post_init__(self) -> None:
        self.tokens = list(placed_tokens(self.source))

    # -- reading tokens --

    def peek(self) -> str:
        """The text of the token here, in capitals where it is a word; empty at the end."""
        if self.at >= len(self.tokens):
            return ""
        kind, text, _, _ = self.tokens[self.at]
        return text.upper() if kind == "word" and text != "a" else text

    def take(self) -> _Token:
        """The token here, and on to the next one."""
        self.at += 1
        return self.tokens[self.at - 1]

    def slice(self, start: int) -> str:
        """The source from the token *start* to the one before here."""
        return self.source[self.tokens[start][2] : self.tokens[self.at - 1][3]]

    def fresh(self, kind: str) -> str:
        """A new variable."""
        self.count += 1
        return f"?{kind}{self.count}"

    def text(self) -> str:
        """The query as it was noted."""
        pieces, done = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            pieces += [self.source[done:start], text]
            done = end
        return "".join([*pieces, self.source[done:]])

    # -- the grammar, as far as it matters --

    def query(self) -> None:
        """A whole query."""
        while (word := self.peek()) not in _FORMS:
            if not word:
                raise Unscoped("the text is no query")
            self.take()
        if word == "DESCRIBE":
            raise Unscoped("DESCRIBE describes what the endpoint likes, from whatever graph")
        self.take()
        if word == "CONSTRUCT":
            if self.peek() != "{":
                raise Unscoped("CONSTRUCT needs a template here; write what it makes before its WHERE")
            self.skip_braces()
        self.select()

    def select(self) -> None:
        """What follows a SELECT: up to its group, the group, and all up to the end of it or of the text."""
        self.to_group()
        self.group(inside=False)
        while self.peek() not in {"", "}"}:
            self.step()

    def to_group(self) -> None:
        while self.peek() != "{":
            self.step()

    def step(self) -> None:
        """One token of an expression or a modifier; a group that belongs to it with all that is in it."""
        word = self.take()[1].upper()
        if word == "EXISTS":
            self.group(inside=False)
        elif word == "VALUES":
            while self.peek() != "{":
                self.take()
            self.skip_braces()

    def skip_braces(self) -> None:
        depth = 0
        while True:
            text = self.take()[1]
            depth += (text == "{") - (text == "}")
            if not depth:
                return

    def parens(self) -> None:
        """An expression in parentheses, with the groups in it."""
        depth = 0
        while True:
            depth += (self.peek() == "(") - (self.peek() == ")")
            self.step()
            if not depth:
                return

    def group(self, inside: bool) -> None:
        """A group; *inside* says that its patterns stand within a GRAPH already."""
        if self.take()[1] != "{":
            raise Unscoped("a group begins with a brace")
        if self.peek() == "SELECT":
            self.take()
            if inside:
                raise Unscoped("a SELECT within GRAPH is not understood here")
            self.select()
            self.take()
            return
        graphs: list[str] = []
        while self.peek() != "}":
            self.part(graphs, inside)
        conditions = " && ".join(self.condition(graph) for graph in dict.fromkeys(graphs))
        end = self.take()[2]
        if conditions:
            self.edits.append((end, end, f" FILTER ({conditions}) "))

    def part(self, graphs: list[str], inside: bool) -> None:
        """What stands in a group next; the variables of its graphs go to *graphs*."""
        word = self.peek()
        if word == "{":
            self.group(inside)
        elif word in {"OPTIONAL", "UNION", "MINUS", "."}:
            self.take()
        elif word == "GRAPH":
            self.take()
            kind, name, _, _ = self.take()
            if kind == "variable" and not inside:
                graphs.append("?" + name[1:])
            self.group(inside=True)
        elif word in {"FILTER", "BIND"}:
            self.constraint(inside)
        elif word == "VALUES":
            self.step()
        elif word == "SERVICE":
            raise Unscoped("SERVICE is not followed")
        else:
            self.triples(graphs, inside)

    def constraint(self, inside: bool) -> None:
        self.take()
        while self.peek() not in {"(", "EXISTS"}:
            self.take()
        if self.peek() == "EXISTS":
            self.take()
            self.group(inside)
        else:
            self.parens()

    # -- triples --

    def triples(self, graphs: list[str], inside: bool) -> None:
        """Triples of one subject, each of which gets a graph of its own."""
        start, self.inside = self.at, inside
        found = list(self.same_subject())
        if inside:
            return
        written = []
        for subject, path, value in found:
            graph = self.fresh(OURS)
            if not (path[-1] in "*?" and path[:-1].strip() in _LISTS):
                graphs.append(graph)  # of no step at all, which a list may be, some engines say that it is in no graph
            written.append(f"GRAPH {graph} {{ {subject} {path} {value} }}")
        begin, end = self.tokens[start][2], self.tokens[self.at - 1][3]
        self.edits.append((begin, end, " ".join(written)))

    def same_subject(self) -> Iterator[tuple[str, str, str]]:
        bracket = self.peek() == "["
        subject, more = self.node()
        yield from more
        if not (bracket and self.peek() in _CLOSERS):
            yield from self.properties(subject)

    def properties(self, subject: str) -> Iterator[tuple[str, str, str]]:
        """The predicates and objects of a subject."""
        while True:
            steps = self.verb()
            while True:
                value, more = self.node()
                yield from more
                begin = subject
                for step in steps[:-1]:
                    between = self.fresh(_NODE)
                    yield begin, step, between
                    begin = between
                yield begin, steps[-1], value
                if self.peek() != ",":
                    break
                self.take()
            while self.peek() == ";":
                self.take()
                if self.peek() in {"}", ".", "]"}:
                    return
            if self.tokens[self.at - 1][1] != ";":
                return

    def node(self) -> tuple[str, list[tuple[str, str, str]]]:
        """A subject or an object as it is written, with the triples that belong to it."""
        start = self.at
        kind, text, _, _ = self.take()
        if text == "[":
            name = self.fresh(_NODE)
            more = [] if self.peek() == "]" else list(self.properties(name))
            self.take()
            return name, more
        if text == "(":
            return self.collection()
        if kind == "blank":
            return f"?{_NODE}Of{''.join(f'{ord(sign):x}x' for sign in text[2:])}", []
        if kind == "operator":  # the sign of a number
            self.take()
        if kind == "string":
            if self.at < len(self.tokens) and self.tokens[self.at][0] == "tag":
                self.take()
            elif self.peek() == "^":
                self.at += 3
        return self.slice(start), []

    def collection(self) -> tuple[str, list[tuple[str, str, str]]]:
        members = []
        while self.peek() != ")":
            members.append(self.node())
        self.take()
        triples: list[tuple[str, str, str]] = []
        head = f"<{_RDF}nil>"
        for member, more in reversed(members):
            cell = self.fresh(_NODE)
            triples += [*more, (cell, f"<{_RDF}first>", member), (cell, f"<{_RDF}rest>", head)]
            head = cell
        return head, triples

    def verb(self) -> list[str]:
        """A predicate or a path: the steps that each may lead to another graph."""
        if self.tokens[self.at][0] == "variable":
            return [self.take()[1]]
        elements = [self.element()]
        joints = []
        while self.peek() in {"/", "|"}:
            joints.append(self.take()[1])
            elements.append(self.element())
        if "|" in joints:
            if "/" in joints and not self.inside:
                raise Unscoped("alternatives of sequences are not understood here; write them as a UNION")
            return [" | ".join(elements)]
        steps = [elements[0]]
        for element in elements[1:]:
            if re.sub(r"[\s*+?]", "", element) in _LISTS:
                steps[-1] += f" / {element}"
            else:
                steps.append(element)
        return steps

    def element(self) -> str:
        """A part of a path, with what stands before and after it."""
        start = self.at
        while self.peek() in {"^", "!"}:
            self.take()
        if self.peek() == "(":
            first = self.at
            self.parens()
            steps = {text for kind, text, _, _ in self.tokens[first : self.at] if kind in {"iri", "name", "word"}}
            followed = any(text == "/" for _, text, _, _ in self.tokens[first : self.at])
        else:
            steps, followed = {self.take()[1]}, False
        if self.peek() in {"*", "+", "?"}:
            self.take()
            followed = True
        if followed and not self.inside and not steps <= _LISTS:
            raise Unscoped("a path of any length, or a sequence in parentheses, may lead from graph to graph")
        return self.slice(start)
