"""Bibliographies come in as sources: BibTeX, RIS and CSL-JSON; agents are found or made, nothing is doubled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Ran, Run

BIBTEX = r"""
@string{nips = "Advances in Neural Information Processing Systems"}
@inproceedings{gan, author = {Goodfellow, Ian and J{\"o}rg M{\"u}ller and {World Health Organization}},
  title = {The {GAN} of many things and more}, year = 2014, month = may, booktitle = nips, pages = {1--3},
  doi = {https://doi.org/10.1000/ABC_1}, url = {http://example.org/a\_b}, note = {seen}}
@misc{bare, title = {Nothing else}}
"""
RIS = """TY  - JOUR
AU  - Goodfellow, Ian
TI  - Another thing
JO  - Some Journal
PY  - 2015/05/01
SP  - 1
EP  - 3
ER  -
"""
CSL = [
    {"type": "book", "title": "L’arbre", "author": [{"family": "Doe", "given": "Jane"}], "publisher": "P",
     "issued": {"date-parts": [[2001, 3]]}},
    {"type": "article-journal", "title": "Other words", "DOI": "10.1000/abc_1"},
]  # fmt: skip
Bring = Callable[..., Ran]


@pytest.fixture
def store(own_store: Path) -> Path:
    return own_store


@pytest.fixture
def bring(run: Run, store: Path, tmp_path: Path) -> Bring:
    def bringing(content: str, name: str, *options: object) -> Ran:
        (tmp_path / name).write_text(content, encoding="utf-8")
        return run("import", "--store", store, tmp_path / name, *options)

    return bringing


def _source(run: Run, store: Path, slug: str, kind: str = "source") -> str:
    ran = run("show", slug, "--store", store, "--kind", kind, "--format", "ttl")
    assert ran.code == 0, ran.err
    return ran.out


def test_bibtex_comes_in(run: Run, store: Path, bring: Bring) -> None:
    """LaTeX is read, agents that are there are found, organisations stay whole, what is not said is left out."""
    ran = bring(BIBTEX, "refs.bib")
    assert ran.err.startswith("4 added"), ran.err  # two sources, two agents
    said = _source(run, store, "goodfellow-2014-gan-of-many-things-and")
    for part in (
        "bibo:AcademicArticle", "a bibo:Proceedings", '"Advances in Neural Information Processing Systems"',
        '"2014-05"^^edtf:EDTF', '"The GAN of many things and more"', '"10.1000/ABC_1"', '"1-3"',
        '"http://example.org/a_b"',
    ):  # fmt: skip
        assert part in said, part
    assert said.index("agent:ian-goodfellow") < said.index("agent:jorg-muller") < said.index("agent:world-health")
    assert 'foaf:name "Jörg Müller"' in _source(run, store, "jorg-muller", "agent")
    assert "foaf:Organization" in _source(run, store, "world-health-organization", "agent")
    bare = _source(run, store, "nothing-else")
    assert not any(word in bare for word in ("issued", "authorList", "isPartOf", "bibo:AcademicArticle"))


def test_what_is_there_is_not_doubled(run: Run, store: Path, bring: Bring) -> None:
    """By DOI, in whatever case, or by title; it is said, and --replace takes what the file says."""
    assert bring(BIBTEX, "refs.bib").code == 0
    ran = bring(BIBTEX, "again.bib")
    assert (ran.code, "0 added" in ran.err, "left as it is" in ran.err) == (0, True, True)
    ran = bring(json.dumps(CSL), "refs.csl.json")
    assert (ran.code, "2 added" in ran.err) == (0, True)  # the book and its author
    assert "Other words" not in _source(run, store, "goodfellow-2014-gan-of-many-things-and")
    assert "1 replaced" in bring(json.dumps(CSL[1:]), "refs.json", "--format", "csl", "--replace").err
    said = _source(run, store, "goodfellow-2014-gan-of-many-things-and")
    assert all(part in said for part in ('"Other words"', '"1-3"', "agent:jorg-muller"))  # what it does not say stays
    assert '"2001-03"^^edtf:EDTF' in _source(run, store, "doe-2001-arbre")


def test_ris_comes_in(run: Run, store: Path, bring: Bring) -> None:
    """With journal, pages and date."""
    assert bring(RIS, "refs.ris").code == 0
    said = _source(run, store, "goodfellow-2015-another-thing")
    assert all(part in said for part in ("a bibo:Journal", '"Some Journal"', '"1-3"', '"2015-05-01"^^edtf:EDTF'))


@pytest.mark.parametrize(
    ("content", "name", "where"),
    [
        ("@article{a, title = {Fine}}\n@article{b, title = {x", "bad.bib", "bad.bib:2: violation"),
        ("@article{a, year = 2001}\n", "bad.bib", "bad.bib:1: violation"),
        (RIS.replace("TI  - Another thing\n", ""), "bad.ris", "bad.ris:1: violation"),
        (RIS.replace("ER  -", ""), "bad.ris", "not RIS"),
        ("[1", "bad.csl.json", "not JSON"),
    ],
)
def test_what_cannot_be_read_is_told(bring: Bring, content: str, name: str, where: str) -> None:
    """By file and line."""
    ran = bring(content, name)
    assert ran.code == 1
    assert where in ran.err
