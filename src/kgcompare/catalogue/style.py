"""A citation style, compiled: what citeproc makes of it, without looking anything up again.

citeproc-py finds macros, options and terms by XPath whenever it renders, 3 ms a reference. Here each element of the
style becomes a function once, and texts are plain strings, joined as citeproc joins its own, so that no sign differs;
a test holds the two together. A style that has more than ours is refused.

Source: CSL 1.0.2, sections 5 (rendering elements) and 6 (formatting); citeproc-py 0.11, model.py and string.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from citeproc import CitationStylesStyle, formatter

Item = Mapping[str, Any]
"""A CSL-JSON item."""
Rendering = Callable[[Item, str], str | None]
"""Renders an item; the text is the delimiter around it, for what is transparent to that. None for want of what it is
about."""
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


class _Seamed(str):
    """A text that citeproc has in a string of its own: where one is joined with another text, no space and no mark
    comes twice. Plain texts (names, dates, what is in italics) are put together as they are."""

    __slots__ = ()


def _without_seam(text: str, more: str) -> str:
    """What comes behind a text, without a first space or mark that stands there already."""
    if text and more and more[0] == text[-1] and more[0] in " .,;:!?":
        return type(more)(more[1:])
    return more


def _plus(text: str, more: str) -> str:
    """Two texts as one."""
    if type(text) is str and type(more) is str:
        return text + more
    return _Seamed(text + _without_seam(text, more))


def _joined(texts: Sequence[str], delimiter: str) -> str:
    whole = texts[0]
    for text in texts[1:]:
        if delimiter:
            whole = _plus(whole, _without_seam(whole, delimiter))
        whole = _plus(whole, _without_seam(whole, text))
    return whole


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
        self.render: Callable[[Item], str] = lambda item: str(children(item, "") or "")

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

        if len(parts) == 1:
            return parts[0]

        def render(item: Item, delimiter: str) -> str | None:
            texts = [text for part in parts if (text := part(item, delimiter)) is not None]
            return _joined(texts, delimiter) if texts else None

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
                delimiter = _term(element.get_single_term(name="page-range-delimiter")) or self._dash
                return lambda item, _: dress(_pages(str(item["page"]), delimiter)) if "page" in item else None
            return lambda item, _: dress(_Seamed(item[variable])) if variable in item else None
        form = element.get("form", "long")
        said = element.get("value")
        fixed = (
            formatter.html.preformat(said)
            if said is not None
            else element.get_single_term(name=element.get("term"), form=None if form == "long" else form)
        )
        text = dress(_Seamed(fixed))
        return lambda _, __: text

    def _label(self, element: Any) -> Rendering:
        label, variable = self._labels(element), element.get("variable")
        one, several = label(variable, several=False), label(variable, several=True)

        def render(item: Item, _: str) -> str | None:
            return several if variable in item and _SEVERAL.search(str(item[variable])) else one

        return render

    def _labels(self, element: Any) -> Callable[..., str | None]:
        if not _KNOWN["label"].issuperset(element.attrib):
            raise ValueError("the style has a label that is not compiled")
        dress = _dressed(element)
        form = None if element.get("form", "long") == "long" else element.get("form")

        def label(variable: str, *, several: bool) -> str | None:
            term = element.get_plural_term if several else element.get_single_term
            text = term(name=variable, form=form)
            return dress(_Seamed(text.capitalize_first() if text and element.get("text-case") else text))

        return label

    # -- what holds others -----------------------------------------------------------------------------

    def _group(self, element: Any) -> Rendering:
        children = [child for child in element.iterchildren() if isinstance(child.tag, str)]
        parts = [(self._element(child), self._asks(child)) for child in children]
        dress, own = _dressed(element), element.get("delimiter", "")
        unasked = not any(asks for _, asks in parts)

        def render(item: Item, _: str) -> str | None:
            texts = []
            answered = unasked
            for part, asks in parts:
                text = part(item, own)
                if text is not None:
                    texts.append(text)
                    answered = answered or asks
            return dress(_joined(texts, own)) if texts and answered else None

        return render

    def _asks(self, element: Any) -> bool:
        """Whether an element has a variable, as citeproc sees it."""
        return bool(element.calls_variable())

    def _choose(self, element: Any) -> Rendering:
        branches = [(_condition(branch), self._children(branch)) for branch in element.iterchildren()]

        def render(item: Item, delimiter: str) -> str | None:
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

        def render(item: Item, _: str) -> str | None:
            if role not in item:
                return None
            text, said = people(item[role]), labels[len(item[role]) > 1]
            return dress(text if said is None else _plus(text, said))

        return render

    def _people(self, element: Any) -> Callable[[Sequence[Mapping[str, str]]], str]:
        most, first = (int(self._options[f"et-al-{name}"]) for name in ("min", "use-first"))
        inverted, sign = element.get("name-as-sort-order") == "all", formatter.html.preformat("&")
        always, delimiter = element.get("delimiter-precedes-last") == "always", element.get("delimiter", ", ")
        separator = str(element.get("sort-separator", ", "))

        def called(name: Mapping[str, str]) -> str:
            if "literal" in name:
                return name["literal"]
            family, given, suffix = name.get("family"), name.get("given"), name.get("suffix")
            dropping, particle = name.get("dropping-particle"), name.get("non-dropping-particle")
            if inverted:
                given = " ".join(filter(None, (given, dropping, particle)))
                return separator.join(filter(None, (family, given, suffix)))
            family = " ".join(filter(None, (dropping, particle, family)))
            return " ".join(filter(None, (given, family, suffix)))

        def render(names: Sequence[Mapping[str, str]]) -> str:
            if len(names) >= most:
                shown = [*map(called, names[:first]), "… " + called(names[-1])]
                return _joined(shown, delimiter)
            texts = list(map(called, names))
            if len(texts) < 2:
                return "".join(texts)
            text = _joined(texts[:-1], delimiter)
            text = text + _without_seam(text, delimiter) if always or len(texts) > 2 else text + " "
            return text + f"{sign} " + texts[-1]

        return render

    def _date(self, element: Any) -> Rendering:
        dress, variable = _dressed(element), element.get("variable")
        before, early = (element.get_single_term(name=era) for era in ("bc", "ad"))
        if [part.get("name") for part in element.iterchildren()] != ["year"]:
            raise ValueError("the style has dates with more than years")

        def year(number: int) -> str:
            return f"{abs(number)}{before if number < 0 else early if number < 1000 else ''}"

        def render(item: Item, _: str) -> str | None:
            date = item.get(variable)
            if not date:
                return None
            parts = date.get("date-parts", ())
            if not parts:
                return dress(date.get("literal"))
            first, last = int(parts[0][0]), int(parts[:2][-1][0])
            if first == last:
                return dress(year(first))
            return dress(year(first) + self._dash + (year(last) if any(parts[1]) else ""))

        return render


def _dressed(element: Any) -> Callable[[str | None], str | None]:
    """What puts a text into italics and between its affixes; nothing becomes None."""
    prefix, suffix = element.get("prefix", ""), element.get("suffix", "")
    italic = element.get("font-style") == "italic"

    def dress(text: str | None) -> str | None:
        if not text:
            return None
        if italic:
            text = f"<i>{text}</i>"
        if prefix:
            text = _plus(prefix, _without_seam(prefix, text))
        return _plus(text, _without_seam(text, suffix)) if suffix else text

    return dress


def _condition(branch: Any) -> Callable[[Item], bool]:
    tag = branch.tag.partition("}")[2]
    if tag not in _KNOWN or not _KNOWN[tag].issuperset(branch.attrib):
        raise ValueError(f"the style has {tag} with {', '.join(branch.attrib)}, which is not compiled")
    if tag == "else":
        return lambda _: True
    types, variables, numeric, uncertain = (
        tuple(branch.get(what, "").split()) for what in ("type", "variable", "is-numeric", "is-uncertain-date")
    )
    tests = [
        *(partial(_is_a, name.lower()) for name in types),
        *(partial(_has, name) for name in variables),
        *(partial(_is_numeric, name) for name in numeric),
        *(partial(_is_uncertain, name) for name in uncertain),
    ]
    match = branch.get("match", "all")
    if len(tests) == 1 and match != "none":
        return tests[0]
    holds = any if match in {"any", "none"} else all
    return lambda item: holds(test(item) for test in tests) is (match != "none")


def _is_a(kind: str, item: Item) -> bool:
    return bool(kind == item["type"])


def _has(variable: str, item: Item) -> bool:
    return variable in item


def _is_numeric(variable: str, item: Item) -> bool:
    return variable in item and _NUMERIC.match(str(item[variable])) is not None


def _is_uncertain(variable: str, item: Item) -> bool:
    return bool((item.get(variable) or {}).get("circa"))


def _term(text: str) -> str:
    """A term of citeproc's, which may be none."""
    return _Seamed(text) if text else ""


def _pages(text: str, delimiter: str) -> str:
    """Pages with a dash between the first and the last."""

    def part(text: str) -> str:
        ends = [end.strip() for end in text.replace("–", "-").split("-")]
        return _joined(ends, delimiter) if len(ends) == 2 else text.strip()

    ampersand = f" {formatter.html.preformat('&')} "
    return _joined([_joined(list(map(part, some.split("&"))), ampersand) for some in text.split(",")], ", ")


def compiled(path: str) -> Callable[[Item], str]:
    """What makes a reference in HTML of a CSL-JSON item, by the style in a file; may be called by any number of
    threads.

    :raises ValueError: if the style has what is not compiled.
    """
    root = CitationStylesStyle(path, locale="en-US", validate=False).root
    root.formatter = formatter.html
    return _Style(root).render
