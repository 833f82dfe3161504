"""How values read in pages: each by itself, and all that stand in the cells of a row.

A comparison has hundreds of them, which templates took half of a page's time for; what they made of each is made
here, and nothing else of a page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlencode

from flask import g, request
from markupsafe import Markup, escape

from kgcompare.catalogue import citation
from kgcompare.catalogue.values import Reader
from kgcompare.formats.tables import STATUS
from kgcompare.model import Cell, Row, Thing, Value
from kgcompare.rdf.graph import node_of
from kgcompare.text import languages
from kgcompare.web.request import current

_FOLDED = 6
"""Values under headings from which on all but the first are folded."""
_FEW = 5
FOUND_IN = "In both:", "In all:", "In others too:", "Only here:"
"""What things of a cell stand under, by which other cells have them too."""


def shared(row: Row) -> list[list[tuple[Value, int]]]:
    """The values in each cell of a row, each once, and how many columns have it; those that most have come first.

    Things and texts of any row are told apart by their keys, names by how they read.
    """

    def key(value: Value) -> str:
        return value.text.casefold() if row.kind == "name" else value.key

    cells = [{key(value): value for value in cell.values} for cell in row.cells]
    count = Counter(part for cell in cells for part in cell)
    return [[(cell[part], count[part]) for part in sorted(cell, key=lambda part: -count[part])] for cell in cells]


@lru_cache(maxsize=1024)
def attributes(tag: str | None, around: str) -> Markup:
    """The lang and dir attributes of a text borrowed from another language."""
    if not tag or tag.lower() == around.lower():
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(tag, languages.direction(tag))


class Local:
    """Where things are on this server, on one page."""

    def __init__(self) -> None:
        lang = request.args.get("lang")
        self._found: dict[str | None, str | None] = {None: None, "": None}
        self._elsewhere: frozenset[str] = g.get("led_out", frozenset())
        self._root = request.script_root
        self._query = "?" + urlencode({"lang": lang}) if lang else ""

    def __call__(self, thing: str | None) -> str | None:
        """The address on this server of a thing's page, whatever the host in its IRI; None if there is none."""
        if thing not in self._found:
            path = current().path(thing) if thing and thing not in self._elsewhere else None
            self._found[thing] = path and self._root + path + self._query
        return self._found[thing]


class Cells:
    """How values and cells read on one page, in one language, about things of one kind."""

    def __init__(self, lang: str, kind: str, local: Callable[[str | None], str | None]) -> None:
        self._english = lang == languages.DEFAULT
        self._spoken = languages.speaks(lang)
        self._local = local
        self._gettext: Callable[..., str] = partial(languages.translate, lang, context=kind)
        self._ngettext: Callable[..., str] = partial(languages.translate_plural, lang, context=kind)
        self._rows: dict[int, list[tuple[Thing, Cell, Markup]]] = {}

    def of(self, row: Row, things: Sequence[Thing]) -> list[tuple[Thing, Cell, Markup]]:
        """The columns of a row: the thing, its cell, and how that reads."""
        known = self._rows.get(id(row))  # with rows and columns swapped, each is asked for by each column
        if known is None:
            found = shared(row) if row.kind in {"count", "name"} else [[]] * len(row.cells)
            known = self._rows[id(row)] = [
                (thing, cell, Markup(self._cell(row, cell, thing, several)))  # noqa: S704  (all is escaped)
                for thing, cell, several in zip(things, row.cells, found, strict=True)
            ]
        return known

    def _cell(self, row: Row, cell: Cell, thing: Thing, found: Sequence[tuple[Value, int]]) -> str:
        values = cell.values
        if cell.status != "recorded":
            return f'<span class="absent">{escape(self._gettext(STATUS[cell.status]))}</span>\n'
        if row.kind == "count":
            return self._counted(row, found)
        if row.kind in {"text", "remark"}:
            return "".join([f'<p class="prose"{self._lang(v.lang)}>{escape(v.text)}</p>\n' for v in values])
        if row.kind == "name":
            return self._called(values, found, thing)
        return self._several(values, defined=True)

    # -- several values ------------------------------------------------------------------------------

    def several(self, values: Sequence[Value]) -> Markup:
        """The values of a fact."""
        return Markup(self._several(values))  # noqa: S704  (all is escaped)

    def _several(self, values: Sequence[Value], *, defined: bool = False) -> str:
        if any(value.under for value in values):
            return self._entries(values) + "\n"
        if any(value.csl for value in values):
            return "".join(map(self._cited, values))
        said = [self._meant(value) if defined and value.description else self._one(value) for value in values]
        return said[0] if len(said) == 1 else _listed(said) + "\n"

    def _entries(self, values: Sequence[Value]) -> str:
        """Values that stand under headings, such as languages of programming: each says its own, and more than a few
        are folded."""
        said = [f'{self._one(value)} <small class="note">{escape(value.under or "")}</small>' for value in values]
        if len(said) <= _FOLDED:
            return _listed(said) + "\n"
        more = escape(self._ngettext("{count} more", "{count} more", len(said) - _FEW))
        rest = f'<details class="unfold"><summary>{more}</summary>{_listed(said[_FEW:])}</details>'
        return f"{_listed(said[:_FEW])}\n{rest}"

    def _counted(self, row: Row, found: Sequence[tuple[Value, int]]) -> str:
        """The things of a cell that counts them: those that other columns have too come first."""
        known = sum(cell.status == "recorded" for cell in row.cells)
        others = sum(columns > 1 for _, columns in found)
        note, parts = "", [self._several([value for value, _ in found]), "\n"]
        if known > 1:
            note = f', <span class="note">{escape(self._ngettext("{count} shared", "{count} shared", others))}</span>'
            titles = FOUND_IN[:1] + FOUND_IN[2:] if known == 2 else FOUND_IN[1:]
            parts = [
                f'<p class="note">{escape(self._gettext(title))}</p>\n{_listed(said)}\n'
                for some, title in zip(_split(found, known), titles, strict=True)
                if (said := [self._one(value) for value in some])
            ]
        head = f'{len(found)}<span class="unseen"> – {escape(row.label)}</span>{note}'
        return f'<details class="unfold"><summary>{head}</summary>\n{"".join(parts)}</details>\n\n'

    def _called(self, values: Sequence[Value], found: Sequence[tuple[Value, int]], thing: Thing) -> str:
        """Names, save the one that stands at the head; those of another language say so, those that
        several share too."""
        if any(value.under for value in values):
            return self._entries(values) + "\n"
        said = []
        for value, columns in found:
            if value.text != thing.label:
                tag = f' <small class="note" aria-hidden="true">({escape(value.lang)})</small>'
                note = f' <small class="note">{escape(self._gettext("shared"))}</small>'
                head, note = ('<li class="shared">', note) if columns > 1 else ("<li>", "")
                said.append(f"{head}{self._one(value)}{tag if self._foreign(value) else ''}{note}</li>\n")
        return f'<ul class="names">{"".join(said)}</ul>\n'

    def _foreign(self, value: Value) -> bool:
        """Whether a value is in another language than the page."""
        return bool(value.lang and value.lang.split("-")[0] != self._spoken.split("-")[0])

    # -- one value -----------------------------------------------------------------------------------

    def one(self, value: Value) -> Markup:
        """A value: its name or text as a link, if there is somewhere to lead to, and where it comes from."""
        return Markup(self._one(value))  # noqa: S704  (all is escaped)

    def cited(self, value: Value) -> Markup:
        """A value: of a source the reference, of anything else its name."""
        return Markup(self._cited(value))  # noqa: S704  (all is escaped)

    def _one(self, value: Value) -> str:
        target = self._local(value.iri)
        if target and not (value.under and value.url):
            said = f'<a href="{escape(target)}" data-iri="{escape(value.iri)}"{self._lang(value.lang)}>'
            said += f"{escape(value.text)}</a>"
        elif value.url:
            said = f'<a href="{escape(value.url)}" rel="noreferrer"{self._lang(value.lang)}>{escape(value.text)}</a>'
        else:
            said = f"<span{self._lang(value.lang)}>{self._prose(value)}</span>"
        return said + "".join(map(self._source, value.sources)) if value.sources else said

    def _source(self, source: Value) -> str:
        target = self._local(source.iri)
        text = escape(source.text)
        said = f'<a href="{escape(target)}">{text}</a>' if target else text
        return f' <small class="note">[{said}]</small>'

    def _prose(self, value: Value) -> str:
        """A value's text with the things that it names as links."""
        said, rest = "", value.text
        for named in value.links:
            before, name, after = rest.partition(named.text)
            target = self._local(named.iri)
            if name and target is not None:
                said += f'{escape(before)}<a href="{escape(target)}" data-iri="{escape(named.iri)}">'
                said += f"{escape(named.text)}</a>"
                rest = after
        return f"{said}{escape(rest)}"

    def _meant(self, value: Value) -> str:
        """A value whose meaning is said on demand, where it has a page."""
        target = self._local(value.iri)
        if not target:
            return self._one(value)
        name = escape(self._gettext("About {name}", name=value.text))
        about = f'<a href="{escape(target)}" aria-label="{name}">{escape(self._gettext("About it"))}</a>'
        meaning = f"<span{self._lang(value.description_lang)}>{escape(value.description)}</span>"
        head = f"<summary{self._lang(value.lang)}>{escape(value.text)}</summary>"
        return f'<details class="unfold term">{head}\n<p class="note">{meaning} {about}</p></details>'

    def _cited(self, value: Value) -> str:
        target = self._local(value.iri) if value.csl and value.lang else None
        if not target or value.iri is None:
            return f'<p class="citation">{self._one(value)}</p>'
        about = escape(self._gettext("About this source"))
        link = f'<a href="{escape(target)}" data-iri="{escape(value.iri)}">{about}</a>'
        said = reference(value.iri, value if self._english else None)
        return f'<p class="citation" lang="en">{said}</p>\n<p class="about">{link}</p>\n'

    def _lang(self, tag: str | None) -> str:
        return attributes(tag, self._spoken)


def _split(found: Iterable[tuple[Value, int]], known: int) -> tuple[list[Value], list[Value], list[Value]]:
    """Values with the numbers of columns that have them: those of all *known* columns, of some, and of one alone."""
    parts: tuple[list[Value], list[Value], list[Value]] = ([], [], [])
    for value, columns in found:
        parts[0 if columns == known else 1 if columns > 1 else 2].append(value)
    return parts


def _listed(said: Sequence[Any]) -> str:
    """A list of what is said."""
    return '<ul class="plain">' + "".join([f"<li>{one}</li>\n" for one in said]) + "</ul>"


def reference(source: str, value: Value | None = None) -> Markup:
    """A source as a reference in APA style, its title in italics and its address a link; *value* is how it reads in
    English, where that is there already."""
    item, text = (value.csl, value.reference) if value else (None, None)
    item = item or Reader(languages.DEFAULT, current().descriptions.things({source})).csl(node_of(source))
    text = text or citation.marked_up(item)
    url = citation.cited_address(item)
    link = ""
    if url and text.endswith(str(escape(url))):
        text = text[: -len(str(escape(url)))]
        link = Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(url)
    return Markup(text) + link  # noqa: S704  (marked_up escapes what it is given)
