"""What the package hands out: frozen records of comparisons, things and pages of lists.

All texts carry the BCP 47 tag of the language they are in, so that a text borrowed from another language can say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, Literal, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    import pandas

RowKind = Literal["value", "count", "text", "remark", "name"]
Progress = Callable[[str, int, int], None]
"""Told what is being done, and (done, all) of it."""
Status = Literal["recorded", "not-recorded", "none", "unknown", "unavailable"]
"""What is known of a value: ``unavailable`` of a column from another catalogue, which does not answer."""
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a JSON text can hold."""


class CslName(TypedDict, total=False):
    """A name as CSL-JSON has it: of a person ``family`` and perhaps ``given``, of anybody else ``literal``."""

    family: str
    given: str
    literal: str


CslDate = TypedDict("CslDate", {"date-parts": list[list[int]], "circa": bool, "literal": str}, total=False)
"""A date as CSL-JSON has it: ``date-parts``, a list of one date (of two for a range) whose first number is the year,
with ``circa`` where that is known about; any other date in words, as ``literal``."""
CslItem = TypedDict(
    "CslItem",
    {
        "id": Required[str],
        "type": Required[str],
        "title": str,
        "author": list[CslName],
        "et-al": bool,
        "editor": list[CslName],
        "issued": CslDate,
        "container-title": str,
        "volume": str,
        "issue": str,
        "page": str,
        "publisher": str,
        "DOI": str,
        "URL": str,
    },
    total=False,
)
"""A cited document as CSL-JSON (CSL 1.0.2) has it; ``et-al`` is ours, and never written: whether there are more."""


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of a value's text that names a thing: ``text`` as it stands there, and the thing's IRI."""

    text: str
    iri: str


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a cell.

    ``key`` says which value it is: an IRI, or the literal with its datatype or language; it never depends on the
    language of the page. ``text`` is how it reads, ``lang`` the language of that text (None where it has none, such as
    a year). ``iri`` only for things that have one. ``links`` are the things named inside the text, such as the agents
    of an origination. ``url`` leads outside. ``sources`` say where this very fact comes from. ``under`` is what it
    stands under in its cell, such as the programming language of an entry point; ``description``, a text in
    ``description_lang``, says what a concept means. ``shared`` is True where another column of a comparison has it
    too. ``csl`` is a cited document, ``reference`` its text as HTML. ``literal`` is the text and the datatype (IRI) of
    a literal.
    """

    key: str
    text: str
    lang: str | None = None
    iri: str | None = None
    links: tuple[Link, ...] = ()
    url: str | None = None
    sources: tuple[Value, ...] = ()
    under: str | None = None
    description: str | None = None
    description_lang: str | None = None
    shared: bool = False
    csl: CslItem | None = field(default=None, compare=False, repr=False)
    reference: str | None = field(default=None, compare=False, repr=False)
    literal: tuple[str, str] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a row and a column meet: ``text`` is None unless something is recorded.

    ``departs`` is True where, of three columns or more, most of those that agree at all say something else.
    """

    text: str | None
    values: tuple[Value, ...]
    status: Status = "recorded"
    departs: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a comparison. ``differs`` is None for a row that is not compared.

    ``missing`` is the number of columns of which nothing is known here. ``group`` is the heading that it stands under,
    ``group_id`` what that is called in every language. ``shared`` is how many values more than one column has; None
    where that says nothing, since all columns agree or nothing is there to share.
    """

    id: str
    iri: str
    label: str
    lang: str
    kind: RowKind
    differs: bool | None
    missing: int
    cells: tuple[Cell, ...]
    description: str | None = None
    group: str | None = None
    group_id: str | None = None
    shared: int | None = None

    @property
    def partly_missing(self) -> bool:
        """Whether the row is recorded for some columns only."""
        return 0 < self.missing < len(self.cells)


@dataclass(frozen=True, slots=True)
class Whence:
    """The other catalogue that a column comes from, and the address where it was asked; *silent* if to no avail."""

    name: str
    address: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a page of its own, as a column head or a search result names it.

    ``id`` is the slug, ``lang`` the language of ``label``. ``path`` is the address on a server of ours
    (``/method/lasso``). In lists, ``facets`` has the names of its values in each facet of its class that it has a value
    in, by the facet's id and in the shape's order, and ``date`` is how the row that dates it reads. ``whence`` says of
    which other catalogue a column comes; its ``id`` is the IRI then.
    """

    id: str
    iri: str
    kind: str
    label: str
    lang: str | None
    description: str | None = None
    description_lang: str | None = None
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    date: str | None = None
    whence: Whence | None = None

    @property
    def path(self) -> str:
        """The address of its page below the root of a server."""
        return f"/{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a sentence. ``iri`` is that of the thing that it names, ``lang`` its language where that is another
    than the sentence's."""

    text: str
    iri: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a comparison says in words: ``about`` are the IRIs of the things whose records say so.

    ``pieces`` are the same text in stretches, of which some lead to what they name. ``warning`` is for what one should
    beware of.
    """

    text: str
    lang: str
    about: tuple[str, ...]
    pieces: tuple[Piece, ...]
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Methods side by side: ``methods`` are the columns, ``rows`` stand in the shape's order.

    ``unknown`` lists the identifiers that are not in the catalogue, ``unrecorded`` the rows of which nothing is known
    in any column, ``groups`` the headings under which there are rows, by their ids, be they shown or not.
    ``total_rows``, ``compared`` and ``differing`` count what is shown, with the rows left out since they agree.
    ``sentences`` say how the methods hang together, and what sets them apart, as far as statements back it.
    """

    language: str
    methods: tuple[Thing, ...]
    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()
    unrecorded: tuple[Row, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict, hash=False)
    total_rows: int = 0
    compared: int = 0
    differing: int = 0
    sentences: tuple[Sentence, ...] = ()
    notebook: ClassVar[Callable[[Comparison], str] | None] = None
    """Writes a comparison as HTML for notebooks; :mod:`kgcompare.formats.html` says how."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def sections(self) -> list[tuple[str | None, tuple[Row, ...]]]:
        """The rows by the headings that they stand under in tables; by None where all stand under the same."""
        several = len({row.group for row in self.rows}) > 1
        parts = groupby(self.rows, lambda row: row.group)
        return [(heading if several else None, tuple(rows)) for heading, rows in parts]

    def row(self, row_id: str) -> Row:
        """The row of that id; KeyError if there is none."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise KeyError(row_id)

    def to_dataframe(self) -> pandas.DataFrame:
        """A pandas frame: index ``row``, a column ``differs`` and one a method, called as it is; cells as text.

        Where several methods have one name, or one is called ``differs``, the slug stands behind it in parentheses.

        :raises ImportError: if pandas is not installed.
        """
        import pandas

        labels = [method.label for method in self.methods]
        taken = {"differs", *(label for label in labels if labels.count(label) > 1)}
        names = [f"{m.label} ({m.id})" if m.label in taken else m.label for m in self.methods]
        cells = [[row.differs, *(cell.text for cell in row.cells)] for row in self.rows]
        index = pandas.Index([row.label for row in self.rows], name="row")
        return pandas.DataFrame(cells, index=index, columns=["differs", *names], dtype=object)

    def _repr_html_(self) -> str | None:
        """The table that a notebook shows; None where nobody has said how (:attr:`notebook`)."""
        show = type(self).notebook
        return show(self) if show else None


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a record's page: what it is called, and its values.

    ``kind`` is that of the row, ``compared`` whether comparisons have it even if nothing is recorded, ``shown`` whether
    a page has a line for it.
    """

    id: str
    label: str
    lang: str
    values: tuple[Value, ...]
    status: Status = "recorded"
    description: str | None = None
    compared: bool = False
    kind: RowKind = "value"
    shown: bool = True

    @property
    def names(self) -> bool:
        """Whether its values are other names of the thing itself, and not things that have names."""
        return self.kind == "name" and not any(value.iri for value in self.values)


@dataclass(frozen=True, slots=True)
class Group:
    """Things that a record is linked with in one way; ``more`` says how many more there are than shown."""

    id: str
    label: str
    values: tuple[Value, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One thing with all that is said of it, as its page shows it.

    ``facts`` come from the shape, in its order. ``related`` groups things that it is linked with by what the link is
    called. ``document`` says of the record itself where it comes from and how it was checked; ``csl`` of a source.
    """

    thing: Thing
    language: str
    facts: tuple[Fact, ...]
    related: tuple[Group, ...] = ()
    notes: tuple[Value, ...] = ()
    document: tuple[Fact, ...] = ()
    csl: CslItem | None = None

    def fact(self, fact_id: str) -> Fact | None:
        """The fact of that id, or None."""
        return next((fact for fact in self.facts if fact.id == fact_id), None)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that a list can be narrowed by, and how many things have it; no ``iri`` of one that is no thing."""

    id: str
    iri: str
    label: str
    lang: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Understood:
    """A value of a facet that somebody's words name."""

    facet: str
    id: str
    label: str
    lang: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: ``total`` counts all that match; ``after`` leads to the next page, None at the end.

    ``compare`` has the things that the words name together ("lasso vs ridge"), in that order. ``called`` is the thing
    that is called exactly so, ``understood`` the values of facets that the words name, which things in the list have.
    """

    things: tuple[Thing, ...]
    total: int
    after: str | None = None
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    compare: tuple[Thing, ...] = ()
    called: Thing | None = None
    understood: tuple[Understood, ...] = ()
