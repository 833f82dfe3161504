"""Comparisons as LaTeX: read back by a parser of LaTeX, and typeset by pdfLaTeX and LuaLaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deep import many
from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.generation import Generation
from kgcompare.formats import render
from kgcompare.formats.bibliography import keys, references
from kgcompare.formats.latex import latex
from kgcompare.formats.tables import cell_text
from kgcompare.formats.tex import tex
from kgcompare.model import Comparison
from kgcompare.rdf.namespaces import DEFAULT_BASE
from kgcompare.search import Filter
from kgcompare.store.embedded import EmbeddedStore
from serving import missing

HOSTILE = ["marks", "lines", "rtl", "plain"]
PDFLATEX, LUALATEX = "pdflatex", "lualatex"
BAD = re.compile(
    r"^(?:!.*|Overfull.*|Underfull \\vbox.*|.*Citation .* undefined.*|.*multiply.defined.*)$", re.MULTILINE
)
"""What a log says of what is not as it should be."""


@pytest.fixture(params=["plain en", "plain fr", "hostile en"], scope="module")
def found(request: pytest.FixtureRequest, hostile: Generation) -> Comparison:
    """A comparison."""
    what, lang = request.param.split()
    return hostile.compare(HOSTILE if what == "hostile" else ["lasso", "ridge", "gan", "elbow"], lang)


def written(found: Comparison, name: str = "tex") -> str:
    """A comparison in a format."""
    return render(found, name, DEFAULT_BASE)


# -- what it says ------------------------------------------------------------------------------------------------


def flat(text: str) -> str:
    """A text with every run of white space as one space, and without what has no sign."""
    return " ".join("".join(char for char in text if unicodedata.category(char) != "Cf").split())


def read(text: str) -> list[list[str]]:
    """The cells of the table, the heads of the columns first."""
    from pylatexenc import latex2text, latexwalker, macrospec

    walking = latexwalker.get_default_latex_context_db()
    arguments = {"symbol": "{", "kgcsign": "{{", "url": "{", "cite": "{", "kgccell": "", "tabularnewline": ""}
    walking.add_context_category("more", prepend=True, macros=[macrospec.MacroSpec(*one) for one in arguments.items()])
    reading = latex2text.get_default_latex_context_db()
    signs = {"textbar": "|", "textless": "<", "textgreater": ">", "textasciicircum": "^", "textasciitilde": "~"}
    signs |= {"kgccell": "", "hspace": "", "-": ""}
    macros = [latex2text.MacroTextSpec(name, sign) for name, sign in signs.items()]
    macros += [
        latex2text.MacroTextSpec("symbol", lambda node: chr(int(node.nodeargd.argnlist[0].nodelist[0].chars))),
        latex2text.MacroTextSpec("kgcsign", lambda node: node.nodeargd.argnlist[0].nodelist[0].chars),
        latex2text.MacroTextSpec("url", "%s"),
        latex2text.MacroTextSpec("cite", "[%s]"),
    ]
    reading.add_context_category("more", prepend=True, macros=macros)
    body = text.split("\\endfirsthead\n")[1].split("\\end{longtable}", maxsplit=1)[0]
    body = body.replace("\\hline", "").replace("\\endhead", "").replace("\\endfoot", "")
    nodes, _, _ = latexwalker.LatexWalker(body, latex_context=walking, tolerant_parsing=False).get_latex_nodes()
    rows: list[list[list[Any]]] = [[[]]]
    for node in nodes:
        if node.isNodeType(latexwalker.LatexMacroNode) and node.macroname == "tabularnewline":
            rows.append([[]])
        elif node.isNodeType(latexwalker.LatexSpecialsNode) and node.specials_chars == "&":
            rows[-1].append([])
        else:
            rows[-1][-1].append(node)
    reader = latex2text.LatexNodes2Text(latex_context=reading, math_mode="text", strict_latex_spaces=True)
    return [[flat(reader.nodelist_to_text(cell)) for cell in row] for row in rows[:-1]]


def shown(found: Comparison) -> list[list[str]]:
    """The texts of the cells; of a source its key."""
    cited = {item["id"]: key for key, item in keys(references(found)).items()}

    def text(cell: Any) -> str:
        sources = [cited[value.csl["id"]] for value in cell.values if value.csl]
        return "; ".join(f"[{key}]" for key in sources) or flat(cell_text(cell, found.language))

    return [[text(cell) for cell in row.cells] for row in found.rows]


def test_the_cells(found: Comparison) -> None:
    head, *body = read(written(found))
    assert head == ["", *(flat(method.label) for method in found.methods)]
    assert [row[0] for row in body] == [row.label + (" ≠" if row.differs else "") for row in found.rows]
    assert [row[1:] for row in body] == shown(found)


def test_what_it_cites_is_in_the_bibliography(found: Comparison) -> None:
    cited = {key for keys in re.findall(r"\\cite\{([^}]*)\}", written(found)) for key in keys.split(",")}
    assert cited == set(re.findall(r"^@\w+\{([^,]+),", written(found, "bib"), re.MULTILINE))


def test_the_caption_says_where_it_is_from_and_when(hostile: Generation) -> None:
    text = latex(hostile.compare(["lasso", "gan"], "fr"), DEFAULT_BASE, date(2024, 2, 29))
    assert rf"\urldef\kgcaddress\url{{{DEFAULT_BASE}compare?method=lasso&method=gan&lang=fr}}" in text
    (caption,) = re.findall(r"\\caption\[.*\\\\", text)
    assert "Comparaison" in caption
    assert caption.endswith("\\kgcaddress, état au 2024-02-29.}\\\\")


def test_a_row_that_begins_with_a_bracket_or_a_star_is_no_argument(hostile: Generation) -> None:
    found = hostile.compare(["lasso"])
    odd = replace(found, rows=tuple(replace(row, label=sign + row.label) for row in found.rows for sign in ("[", "*")))
    assert not re.search(r"(\\\\|\\tabularnewline)\s*[*\[]", written(odd))
    assert [row[0] for row in read(written(odd))[1:]] == [row.label for row in odd.rows]


def test_an_address_is_a_link(hostile: Generation) -> None:
    found = hostile.compare(["lasso"])
    text = "See http://e.example/a_b?c=%20#d, and (https://f.example/)."
    cell = replace(found.rows[0].cells[0], text=text, values=())
    tied = written(replace(found, rows=(replace(found.rows[0], cells=(cell,)),)))
    assert re.findall(r"\\url\{(.*?)\}", tied)[1:] == ["http://e.example/a_b?c=%20#d", "https://f.example/"]


ALLOWED = set(re.findall(r"\\([A-Za-z]+)", tex("".join(map(chr, range(0x3000))), lambda sign: "?")))
assert not ALLOWED & {"write", "input", "def", "catcode", "openin", "csname"}


@settings(deadline=None, max_examples=many(100, 5000))
@given(st.text())
def test_no_text_is_a_command(text: str) -> None:
    plain = tex(text, lambda sign: "?")
    assert set(re.findall(r"\\([A-Za-z]+)", plain)) <= ALLOWED
    bare = re.sub(r"\\[\\{}~^&%$#_\-`'=.\"]", "", plain)
    assert not re.search(r"[%#^&_]|\n", re.sub(r"\$[^$]*\$", "", bare))
    assert bare.count("{") == bare.count("}")


# -- how it looks ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engines() -> None:
    """Both engines and BibTeX."""
    for program in (PDFLATEX, LUALATEX, "bibtex"):
        if not shutil.which(program):
            missing(f"{program} is not installed (apt-get install texlive-latex-recommended texlive-luatex lmodern)")


@pytest.fixture(scope="module")
def bundled_generation(bundled_store: Path) -> Iterator[Generation]:
    """The bundled catalogue."""
    with Catalogue(EmbeddedStore(bundled_store)) as catalogue:
        yield catalogue.generation()


def typeset(engine: str, path: Path) -> str:
    """Runs an engine over a file; gives its log."""
    command = [engine, "-interaction=nonstopmode", "-no-shell-escape", path.name]
    ended = subprocess.run(command, cwd=path.parent, capture_output=True, timeout=300, check=False)
    log = path.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert ended.returncode == 0, BAD.findall(log)
    return log


def pages(log: str) -> int:
    """How many pages came out."""
    count = re.search(r"\((\d+)\s+pages?[,)]", log)
    return int(count[1]) if count else 0


def some(generation: Generation) -> list[Comparison]:
    """Comparisons of two to six methods, in two languages, the ones with odd signs among them."""
    page = generation.search(Filter(kind="method"), most=10_000)
    slugs = sorted(thing.id for thing in page.things)
    drawn = Random(20260)
    odd = ["pearsons-chi-squared-test", "best-worst-method"]
    chosen = [odd, *(drawn.sample(slugs, 2 + number % 5) for number in range(many(19, 59)))]
    return [generation.compare(one, ("en", "fr")[number % 2]) for number, one in enumerate(chosen)]


@pytest.mark.slow
@pytest.mark.parametrize("engine", [PDFLATEX, LUALATEX])
def test_many_comparisons_in_a_paper(
    engine: str, engines: None, bundled_generation: Generation, tmp_path: Path
) -> None:
    names = []
    for number, comparison in enumerate(some(bundled_generation)):
        names.append(f"c{number}")
        (tmp_path / f"c{number}.tex").write_text(written(comparison), encoding="utf-8")
    inputs = "".join(rf"\input{{{name}.tex}}" + "\n" for name in names)
    paper = "\\documentclass{article}\\usepackage{longtable,url}\\begin{document}\n" + inputs + "\\end{document}\n"
    (tmp_path / "paper.tex").write_text(paper, encoding="utf-8")
    log = typeset(engine, tmp_path / "paper.tex")
    log = typeset(engine, tmp_path / "paper.tex")
    assert [line for line in BAD.findall(log) if "Citation" not in line] == []
    assert "Missing character" not in log
    assert pages(log) > len(names)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [PDFLATEX, LUALATEX])
def test_a_comparison_by_itself_with_its_references(
    engine: str, engines: None, bundled_generation: Generation, tmp_path: Path
) -> None:
    for comparison in some(bundled_generation)[: many(2, 5) if engine == PDFLATEX else 1]:
        name = "_".join(method.id for method in comparison.methods)
        for form in ("tex", "bib"):
            (tmp_path / f"{name}.{form}").write_text(written(comparison, form), encoding="utf-8")
        typeset(engine, tmp_path / f"{name}.tex")
        bibtex = subprocess.run(["bibtex", name], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "error" not in bibtex.stdout
        assert "I didn't find" not in bibtex.stdout
        typeset(engine, tmp_path / f"{name}.tex")
        log = typeset(engine, tmp_path / f"{name}.tex")
        assert [line for line in BAD.findall(log) if "vbox" not in line] == []


@pytest.mark.slow
@pytest.mark.parametrize("engine", [PDFLATEX, LUALATEX])
def test_hostile_texts_and_every_sign(engine: str, engines: None, hostile: Generation, tmp_path: Path) -> None:
    (tmp_path / "hostile.tex").write_text(written(hostile.compare(HOSTILE)), encoding="utf-8")
    log = typeset(engine, tmp_path / "hostile.tex")
    assert not re.findall(r"^!.*", log, re.MULTILINE)
    found = hostile.compare(["lasso"])
    signs = [chr(number) for number in (*range(0x20, 0x3100), *range(0xFB00, 0xFB07), 0x5206, 0x1F600)]
    lines = [" ".join(signs[at : at + 40]) for at in range(0, len(signs), 40)]
    cells = [replace(found.rows[0].cells[0], text=line, values=()) for line in lines]
    every = replace(found, rows=tuple(replace(found.rows[0], cells=(cell,)) for cell in cells))
    text = "\\documentclass{article}\\usepackage{longtable,url}\\begin{document}\\input{signs}\\end{document}"
    (tmp_path / "signs.tex").write_text(written(every), encoding="utf-8")
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    log = typeset(engine, tmp_path / "all.tex")
    assert not re.findall(r"^!.*", log, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [PDFLATEX, LUALATEX])
def test_words_of_which_no_font_has_the_signs(engine: str, engines: None, hostile: Generation, tmp_path: Path) -> None:
    found = hostile.compare(["lasso"])
    words = ("непараметрический", "الإحصائية", "主成分分析法", "סטטיסטיקה", "სტატისტიკა", "การวิเคราะห์")
    cells = tuple(replace(found.rows[0].cells[0], text=word, values=()) for word in words)
    wide = replace(found, methods=found.methods * 6, rows=(replace(found.rows[0], cells=cells),))
    (tmp_path / "words.tex").write_text(written(wide), encoding="utf-8")
    typeset(engine, tmp_path / "words.tex")
    log = typeset(engine, tmp_path / "words.tex")
    assert BAD.findall(log) == []
    assert "Missing character" not in log, "a sign shows itself or its number"
