"""A citation style, compiled: what citeproc makes of it, without looking anything up again.

citeproc-py finds macros, options and terms by XPath whenever it renders, 3 ms a reference. Here each element of the
style becomes a function once. The strings are joined by citeproc's own means, so that no sign differs; a test holds
the two together. A style that has more than ours is refused.

Source: CSL 1.0.2, sections 5 (rendering elements) and 6 (formatting); citeproc-py 0.11, model.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from citeproc import CitationStylesStyle, formatter
from citeproc.source import DateRange, LiteralDate, Reference, VariableError
from citeproc.source.json import CiteProcJSON
from citeproc.string import String, join, normalize_seam

from kgcompare.model import Json

Rendered = Any
"""A text of citeproc's (``str``, ``String`` or ``MixedString``), or None."""
Rendering = Callable[[Reference, str], Rendered]
"""Renders an item; the text is the delimiter around it, for what is transparent to that. Raises VariableError for
want of what it is about."""
_NUMERIC = re.compile(r"^([A-Z]*\d+[A-Z]*)$", re.IGNORECASE)
_SEVERAL = re.compile(r"\d+[^\d.]+\d+")
_AFFIXES = {"prefix", "suffix", "font-style"}
_NAME = {"and", "delimiter", "delimiter-precedes-last", "name-as-sort-order", "sort-separator"}
_KNOWN: dict[str, set[str]] = {
    "text": _AFFIXES | {"variable", "macro", "value", "term", "form"},
    "group": _AFFIXES | {"delimiter"},
    "choose": set(),
    "if": {"match", "type", "variable", "is-numeric", "is-uncertain-date"},
    "else-if": {"match", "type", "variable", "is-numeric", "is-uncertain-date"},
    "else": set(),
    "names": _AFFIXES | {"variable"},
    "name": _NAME,
    "label": _AFFIXES | {"form", "text-case", "variable"},
    "date": _AFFIXES | {"variable"},
    "date-part": {"name", "range-delimiter"},
}


class _Style:
    """The functions of a style's elements."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._macros = {macro.get("name"): macro for macro in root.xpath_search("./cs:macro")}
        self._compiled: dict[str, Rendering] = {}
        layout = root.bibliography.layout
        self._options = root.bibliography.attrib
        self._dash = formatter.html.preformat("–")
        children = self._children(layout)
        self.render: Callable[[Reference], str] = lambda item: str(children(item, "") or "")

    def _element(self, element: Any) -> Rendering:
        tag = element.tag.partition("}")[2]
        if tag not in _KNOWN or not _KNOWN[tag].issuperset(element.attrib):
            raise ValueError(f"the style has {tag} with {', '.join(element.attrib)}, which is not compiled")
        return {
            "text": self._text,
            "group": self._group,
            "choose": self._choose,
            "names": self._names,
            "label": self._label,
            "date": self._date,
        }[tag](element)

    def _children(self, element: Any) -> Rendering:
        parts = [self._element(child) for child in element.iterchildren() if isinstance(child.tag, str)]

        def render(item: Reference, delimiter: str) -> Rendered:
            texts = []
            for part in parts:
                try:
                    text = part(item, delimiter)
                except VariableError:
                    continue
                if text is not None:
                    texts.append(text)
            return join(texts, delimiter) if texts else None

        return render

    # -- texts -----------------------------------------------------------------------------------------

    def _text(self, element: Any) -> Rendering:
        dress = _dressed(element)
        if (name := element.get("macro")) is not None:
            if name not in self._compiled:
                self._compiled[name] = self._children(self._macros[name])
            macro = self._compiled[name]
            return lambda item, _: dress(macro(item, ""))
        if (variable := element.get("variable")) is not None:
            if variable == "page":
                delimiter = element.get_single_term(name="page-range-delimiter") or self._dash
                return lambda item, _: dress(_pages(item["page"], delimiter))
            key = variable.replace("-", "_")
            return lambda item, _: dress(item[key])
        form = element.get("form", "long")
        said = element.get("value")
        fixed = (
            String(formatter.html.preformat(said))
            if said is not None
            else element.get_single_term(name=element.get("term"), form=None if form == "long" else form)
        )
        text = dress(fixed)
        return lambda _, __: text

    def _label(self, element: Any) -> Rendering:
        label, variable = self._labels(element), element.get("variable")
        one, several = label(variable, several=False), label(variable, several=True)

        def render(item: Reference, _: str) -> Rendered:
            return several if variable in item and _SEVERAL.search(str(item[variable])) else one

        return render

    def _labels(self, element: Any) -> Callable[..., Rendered]:
        if not _KNOWN["label"].issuperset(element.attrib):
            raise ValueError("the style has a label that is not compiled")
        dress = _dressed(element)
        form = None if element.get("form", "long") == "long" else element.get("form")

        def label(variable: str, *, several: bool) -> Rendered:
            term = element.get_plural_term if several else element.get_single_term
            text = term(name=variable, form=form)
            return dress(text.capitalize_first() if text and element.get("text-case") else text)

        return label

    # -- what holds others -----------------------------------------------------------------------------

    def _group(self, element: Any) -> Rendering:
        children = [child for child in element.iterchildren() if isinstance(child.tag, str)]
        parts = [(self._element(child), self._asks(child)) for child in children]
        dress, own = _dressed(element), element.get("delimiter", "")

        def render(item: Reference, _: str) -> Rendered:
            texts = []
            asked = answered = False
            for part, asks in parts:
                asked = asked or asks
                try:
                    text = part(item, own)
                except VariableError:
                    continue
                if text is not None:
                    texts.append(text)
                    answered = answered or asks
            if not texts or (asked and not answered):
                raise VariableError
            return dress(join(texts, own))

        return render

    def _asks(self, element: Any) -> bool:
        """Whether an element has a variable, as citeproc sees it."""
        return bool(element.calls_variable())

    def _choose(self, element: Any) -> Rendering:
        branches = [(_condition(branch), self._children(branch)) for branch in element.iterchildren()]

        def render(item: Reference, delimiter: str) -> Rendered:
            for holds, branch in branches:
                if holds(item):
                    return branch(item, delimiter)
            return None

        return render

    # -- names and dates -------------------------------------------------------------------------------

    def _names(self, element: Any) -> Rendering:
        role, dress = element.get("variable"), _dressed(element)
        name, *more = element.iterchildren()
        if not _KNOWN["name"].issuperset(name.attrib) or len(more) > 1 or " " in role:
            raise ValueError("the style has names that are not compiled")
        label = self._labels(more[0]) if more else None
        labels = (label(role, several=False), label(role, several=True)) if label else (None, None)
        people = self._people(name)

        def render(item: Reference, _: str) -> Rendered:
            if role not in item:
                raise VariableError
            text, said = people(item[role]) or None, labels[len(item[role]) > 1]
            return dress(text if said is None else text + said)

        return render

    def _people(self, element: Any) -> Callable[[Sequence[Any]], Rendered]:
        most, first = (int(self._options[f"et-al-{name}"]) for name in ("min", "use-first"))
        inverted, sign = element.get("name-as-sort-order") == "all", formatter.html.preformat("&")
        always, delimiter = element.get("delimiter-precedes-last") == "always", element.get("delimiter", ", ")
        separator = str(element.get("sort-separator", ", "))

        def called(name: Any) -> str:
            given, family, dropping, particle, suffix = name.parts()
            if inverted:
                given = " ".join(filter(None, (given, dropping, particle)))
                return separator.join(filter(None, (family, given, suffix)))
            family = " ".join(filter(None, (dropping, particle, family)))
            return " ".join(filter(None, (given, family, suffix)))

        def render(names: Sequence[Any]) -> Rendered:
            if len(names) >= most:
                shown = [*map(called, names[:first]), "… " + called(names[-1])]
                return join(shown, delimiter)
            texts = [called(name) for name in names]
            if len(texts) < 2:
                return join(texts, delimiter)
            text = join(texts[:-1], delimiter)
            text = join([text, ""], delimiter) if always or len(texts) > 2 else text + " "
            return text + f"{sign} " + texts[-1]

        return render

    def _date(self, element: Any) -> Rendering:
        dress, variable = _dressed(element), element.get("variable")
        before, early = (element.get_single_term(name=era) for era in ("bc", "ad"))
        if [part.get("name") for part in element.iterchildren()] != ["year"]:
            raise ValueError("the style has dates with more than years")

        def year(date: Any) -> str:
            text = str(abs(date.year))
            return f"{text}{before if date.year < 0 else early if date.year < 1000 else ''}"

        def render(item: Reference, _: str) -> Rendered:
            date = item[variable]
            if isinstance(date, LiteralDate):
                return dress(date.text)
            if not isinstance(date, DateRange):
                return dress(year(date)) if date else None
            if date.begin.year == date.end.year:
                return dress(year(date.end))
            return dress(year(date.begin) + self._dash + ("" if date.end.is_nil() else year(date.end)))

        return render


def _dressed(element: Any) -> Callable[[Rendered], Rendered]:
    """What puts a text into italics and between its affixes; nothing becomes None."""
    prefix, suffix = element.get("prefix", ""), element.get("suffix", "")
    italic = element.get("font-style") == "italic"

    def dress(text: Rendered) -> Rendered:
        if not text:
            return None
        if italic:
            text = formatter.html.Italic(text)
        whole = prefix + normalize_seam(prefix, text) if prefix else text
        return whole + normalize_seam(whole, suffix) if suffix else whole

    return dress


def _condition(branch: Any) -> Callable[[Reference], bool]:
    tag = branch.tag.partition("}")[2]
    if tag not in _KNOWN or not _KNOWN[tag].issuperset(branch.attrib):
        raise ValueError(f"the style has {tag} with {', '.join(branch.attrib)}, which is not compiled")
    if tag == "else":
        return lambda _: True
    types, variables, numeric, uncertain = (
        [name.lower() if what == "type" else name.replace("-", "_") for name in branch.get(what, "").split()]
        for what in ("type", "variable", "is-numeric", "is-uncertain-date")
    )
    match: Callable[[Iterable[bool]], bool] = {"any": any, "none": lambda found: not any(found)}.get(
        branch.get("match", "all"), all
    )

    def holds(item: Reference) -> bool:
        found = [name == item["type"] for name in types]
        found += [name in item for name in variables]
        found += [name in item and bool(_NUMERIC.match(str(item[name]))) for name in numeric]
        found += [name in item and bool((item[name] or {}).get("circa", False)) for name in uncertain]
        return match(found)

    return holds


def _pages(value: object, delimiter: str) -> Rendered:
    """Pages with a dash between the first and the last."""

    def part(text: str) -> Rendered:
        ends = [end.strip() for end in text.replace("–", "-").split("-")]
        return join(ends, delimiter) if len(ends) == 2 else text.strip()

    ampersand = f" {formatter.html.preformat('&')} "
    parts = (join(map(part, some.split("&")), ampersand) for some in str(value).split(","))
    return join(parts, ", ")


def compiled(path: str) -> Callable[[Json], str]:
    """What makes a reference in HTML of a CSL-JSON item, by the style in a file; may be called by any number of
    threads.

    :raises ValueError: if the style has what is not compiled.
    """
    root = CitationStylesStyle(path, locale="en-US", validate=False).root
    root.formatter = formatter.html
    style = _Style(root)

    def render(item: Json) -> str:
        (reference,) = CiteProcJSON([item]).values()
        return style.render(reference)

    return render
