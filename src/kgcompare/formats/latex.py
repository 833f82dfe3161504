r"""A comparison as LaTeX: a file that one typesets as it is, or takes into a paper by ``\input``.

Alone it is a whole document with its references; in another document it is a table, which needs the packages
``longtable`` and ``url`` (or ``hyperref``). pdfLaTeX and LuaLaTeX typeset both. Sources are cited by the keys of the
comparison's ``.bib``.

Source: LaTeX2e unofficial reference manual; the manuals of longtable and url.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from itertools import zip_longest

from pyphen import Pyphen, language_fallback

from kgcompare.formats.bibliography import keys, references
from kgcompare.formats.cube import comparison_iri
from kgcompare.formats.tables import cell_text, column_name
from kgcompare.formats.tex import DEFAULTS, tex
from kgcompare.model import Cell, Comparison, Row, Value
from kgcompare.text.languages import translate

_SIZES = {2: (r"\small", 75), 3: (r"\footnotesize", 85), 6: (r"\scriptsize", 98), 10: (r"\tiny", 125)}
"""The size of letters for so many columns at most, and how many of them fit into a line of LaTeX's ``article``."""
_UPRIGHT = 3
"""So many columns stand on a page of paper as it is; more have it turned."""
_MOST_LINES = 24
"""Lines that a cell has on a page; longer ones go on in another row."""
_HEAD = 0.14
"""How much of the width the names of the rows have."""
_JOINT = re.compile(r"[-/–—_·.,:;=+'’](?=\w)")
_CAPITAL = 1.4
"""How many small letters a large one is as wide as."""
_LETTERS_OF = re.compile(r"[^\W\d_]{5,100}")
_ADDRESS = re.compile(r"https?://[^\s{}\\^<>]*[^\s{}\\^<>.,;:!?)\]]")
_SIGN = r"""\providecommand\kgcsign[2]{% a sign, where there is a font that has it, or else its number
  \ifdefined\Umathchar\iffontchar\font"#2\relax#1\else\kgcnumber{#2}\fi
  \else\ifcsname u8:\detokenize{#1}\endcsname#1\else\kgcnumber{#2}\fi\fi}
\providecommand\kgcnumber[1]{[U+#1]\penalty0\hskip0pt\relax}
"""


def latex(comparison: Comparison, base: str, day: date | None = None) -> str:
    r"""A ``longtable`` with a caption that names the comparison's address below *base* and the *day* (today, UTC).

    ``$\neq$`` stands after the name of a row that differs. Of a source the cell has ``\cite`` alone.
    """
    table = _Table(comparison)
    lines = [*_alone(comparison, bool(table.cited)), *table.lines(base, day or datetime.now(UTC).date()), r"\kgcend"]
    text = "\n".join(lines) + "\n"
    return "".join([_explained(comparison), *_defaults(text), _SIGN if r"\kgcsign" in text else "", text])


def _explained(comparison: Comparison) -> str:
    names = "_".join(re.sub(r"[^A-Za-z0-9-]+", "-", method.id) for method in comparison.methods)
    return (
        f"% {names}.tex: a document by itself; or \\input it into one that loads longtable, and url or hyperref.\n"
        f"% Its \\cite keys are those of {names}.bib.\n"
    )


def _alone(comparison: Comparison, cites: bool) -> Iterator[str]:
    """What makes a document of the table where it stands in no other."""
    wide = len(comparison.methods) > _UPRIGHT
    yield r"\ifx\usepackage\RequirePackage\let\kgcend\relax\else % not within another document"
    yield r"\documentclass[a4paper]{article}"
    yield rf"\usepackage[margin=20mm{',landscape' if wide else ''}]{{geometry}}"
    yield r"\ifdefined\Umathchar\else\usepackage[T1]{fontenc}\usepackage{lmodern}\fi"
    yield r"\usepackage{longtable}"
    yield r"\usepackage[hyphens]{url}"
    references = r"\bibliographystyle{plain}\bibliography{\jobname}" if cites else ""
    yield rf"\def\kgcend{{{references}\end{{document}}}}"
    yield r"\begin{document}"
    yield r"\fi"


class _Table:
    """The table of a comparison: how large its letters are, and how many of them a column has room for."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.cited = {item["id"]: key for key, item in keys(references(comparison)).items()}
        many = max(1, len(comparison.methods))
        self.size, line = next(size for most, size in _SIZES.items() if many <= most)
        self.widths = [_HEAD, *[(1 - _HEAD) / many] * many]
        self.head, self.letters = (int(line * width) - 4 for width in self.widths[:2])

    def lines(self, base: str, day: date) -> Iterator[str]:
        columns = "".join(rf"p{{\dimexpr {width:.4f}\linewidth-2\tabcolsep\relax}}" for width in self.widths)
        methods = self.comparison.methods
        heads = _line(["", *(rf"\textbf{{{_broken(column_name(m), m.lang or '', self.letters)}}}" for m in methods)])
        yield from (rf"{{\raggedright {_plain(sentence.text)}\par}}" for sentence in self.comparison.sentences)
        yield rf"\urldef\kgcaddress\url{{{comparison_iri(self.comparison, base)}}}"
        yield r"\begingroup\def\kgccell{\raggedright\hspace{0pt}}\def\arraystretch{1.2}"
        yield rf"{self.size}\setlength{{\tabcolsep}}{{2.5pt}}\setlength{{\LTcapwidth}}{{\linewidth}}"
        yield rf"\begin{{longtable}}{{{columns}}}"
        yield self._caption(day)
        yield rf"\hline {heads} \hline \endfirsthead"
        yield rf"\hline {heads} \hline \endhead"
        yield r"\hline \endfoot"
        for heading, rows in self.comparison.sections():
            if heading is not None:
                part = rf"\multicolumn{{{len(methods) + 1}}}{{l}}{{\textbf{{\textit{{{_plain(heading)}}}}}}}"
                yield part + r" \tabularnewline*"
            yield from map(self._row, rows)
        yield r"\end{longtable}"
        yield r"\endgroup"

    def _caption(self, day: date) -> str:
        names = " · ".join(method.label for method in self.comparison.methods)
        title = _plain(translate(self.comparison.language, "Comparison: {names}", names=names))
        state = _plain(translate(self.comparison.language, "as of {day}", day=day.isoformat()))
        return rf"\caption[{{{title}}}]{{\raggedright {title}. \kgcaddress, {state}.}}\\"

    def _row(self, row: Row) -> str:
        """A row as one of the table, or as several where it could be higher than a page, which breaks between rows."""
        name = _broken(row.label, row.lang, self.head) + (r" $\neq$" if row.differs else "")
        parts = zip_longest([name], *map(self._cell, row.cells), fillvalue="")
        return "\n".join(_line(part) for part in parts)

    def _cell(self, cell: Cell) -> list[str]:
        lang = self.comparison.language
        if cell.text is None:
            return [rf"\emph{{{_broken(cell_text(cell, lang), lang, self.letters)}}}"]
        if any(one.csl for value in cell.values for one in (value, *value.sources)):
            return ["; ".join(map(self._value, cell.values))]
        spoken = next((value.lang for value in cell.values if value.lang), lang)
        return [_broken(part, spoken, self.letters) for part in _pieces(cell.text, _MOST_LINES * self.letters)]

    def _value(self, value: Value) -> str:
        """A value as a citation, or as its text and the citations of where it is from."""
        if value.csl is not None:
            return rf"\cite{{{self.cited[value.csl['id']]}}}"
        text = _broken(value.text, value.lang or self.comparison.language, self.letters)
        sources = [self.cited[source.csl["id"]] for source in value.sources if source.csl is not None]
        return text + (rf" \cite{{{','.join(sources)}}}" if sources else "")


def _pieces(text: str, most: int) -> Iterator[str]:
    """A text in pieces of about so many letters, which end where sentences do, or else words."""
    while len(text) > most:
        sentence, word = text.rfind(". ", most // 2, most) + 1, text.rfind(" ", 1, most) + 1
        end = sentence or word or most
        yield text[:end]
        text = text[end:].lstrip()
    yield text


def _line(cells: Iterable[str]) -> str:
    return " & ".join(rf"\kgccell {cell}" for cell in cells) + r" \tabularnewline"


def _broken(text: str, lang: str, letters: int) -> str:
    """A text whose addresses are links, and whose words have room in a column of so many *letters*."""
    parts: list[str] = []
    end = 0
    for address in _ADDRESS.finditer(text):
        parts += [_words(text[end : address.start()], lang, letters), rf"\url{{{address[0]}}}"]
        end = address.end()
    return "".join([*parts, _words(text[end:], lang, letters)])


def _words(text: str, lang: str, letters: int) -> str:
    """A text as TeX reads it, with places where a line may end in words wider than so many *letters*."""
    words = re.split(r"(\s+)", text)
    return _plain("".join(word if _width(word) <= letters else _parted(word, lang, letters) for word in words))


def _width(word: str) -> float:
    """How many small letters a word is as wide as, about."""
    return sum(_CAPITAL if char.isupper() else 1 for char in word)


def _parted(word: str, lang: str, letters: int) -> str:
    """A long word that may be divided at its joints, else as its language does, else anywhere."""
    joined = _JOINT.sub("\\g<0>\u200b", word)
    hyphens = _hyphens(lang)
    if hyphens:
        joined = _LETTERS_OF.sub(lambda run: hyphens.inserted(run[0], "\u00ad"), joined)
    most = max(2, int((letters - 1) / _CAPITAL))
    parts = re.split("([\u00ad\u200b])", joined)
    return "".join(part if _width(part) < letters else _anywhere(part, most) for part in parts)


def _anywhere(part: str, most: int) -> str:
    return "\u00ad".join(part[at : at + most] for at in range(0, len(part), most))


@cache
def _hyphens(lang: str) -> Pyphen | None:
    """Where the words of a language may be divided; TeX itself knows only those of the document's."""
    known = language_fallback(lang.replace("-", "_"))
    return Pyphen(lang=known) if known else None


def _plain(text: str) -> str:
    return tex(text, _other)


def _other(sign: str) -> str:
    """A sign where the document has a font for it, or its number; nothing for one without a shape."""
    shapeless = unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Cn", "Co", "Mn", "Zl", "Zp"}
    return "" if shapeless else rf"\kgcsign{{{sign}}}{{{ord(sign):04X}}}"


def _defaults(text: str) -> Iterator[str]:
    """Has what plain LaTeX's fonts lack, of all that stands in a text, stand for itself in another way."""
    used = [
        (command, instead) for sign, (commands, instead) in DEFAULTS.items() if sign in text for command in commands
    ]
    for command, instead in used:
        name = rf"\csname ?\string{command}\endcsname"
        yield rf"\expandafter\ifx{name}\relax\expandafter\gdef{name}{{{instead}}}\fi" + "\n"
