"""Turtle files in the one formatting of data/, and nothing else about them changed.

Source: RDF 1.1 Turtle, section 6.2 (comments); RDF 1.1 Concepts, section 3.6 (graph isomorphism).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from kgcompare.errors import DataError, Seam, Unformatted, UsageError

if TYPE_CHECKING:
    from pyoxigraph import Quad

    from kgcompare.sandbox.parsing import Parser

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|'
    r"'''(?:[^'\\]|\\.|'(?!''))*'''|"
    r'"(?:[^"\\\n\r]|\\.)*"|'
    r"'(?:[^'\\\n\r]|\\.)*'|"
    r"<[^<>\x00-\x20]*>|\\.|(?P<comment>#[^\n\r]*)",
    re.DOTALL,
)
"""What a comment cannot begin in (strings, IRIs, escapes in names), and comments."""
_ELSEWHERE = "https://elsewhere.invalid/"


def formatted(path: Path, parser: Parser) -> tuple[str, str]:
    """The text of a Turtle file, which *parser* reads, and the same in the one formatting.

    :raises Unformatted: for what the formatting would lose: comments, IRIs that depend on where the file is read.
    :raises DataError: if the file cannot be read.
    """
    from kgcompare.formats import rdf
    from kgcompare.rdf.namespaces import DEFAULT_BASE
    from kgcompare.rdf.syntaxes import SYNTAXES, read_bytes

    quads = list(parser.read(path, DEFAULT_BASE, "ttl"))
    with Seam((OSError, ValueError), lambda why: DataError(f"{path} cannot be read: {why}")):
        before = path.read_text(encoding="utf-8")
    text = rdf.turtle((quad.triple for quad in quads), DEFAULT_BASE)
    if text == before:  # which has nothing that formatting would lose, for it is a formatted file
        return before, text
    if (line := _first_comment(before)) is not None:
        raise Unformatted(f"line {line} has a comment, which would be lost; say it in a statement or take it out")
    if _canonical(quads) != _canonical(parser.read(path, _ELSEWHERE, "ttl")):
        raise Unformatted("it has relative IRIs without a BASE; write one, such as BASE <https://w3id.org/kgcompare/>")
    if _canonical(quads) != _canonical(read_bytes(text.encode(), SYNTAXES["ttl"].engine, DEFAULT_BASE, str(path))):
        raise Unformatted("formatted it would not say the same; please report this file")
    return before, text


def rewrite(path: Path, text: str) -> None:
    """Puts *text* into a file that is there, at once: whoever reads it has the old text or the new; its mode is kept.

    :raises UsageError: if it cannot be written; it is as it was then.
    """
    target = path.resolve()
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    with Seam((OSError,), lambda why: UsageError(f"{path} cannot be written: {why}")):
        try:
            scratch.touch(mode=0o600)
            scratch.write_text(text, encoding="utf-8", newline="\n")
            scratch.chmod(target.stat().st_mode & 0o7777)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)


def _first_comment(text: str) -> int | None:
    for token in _TOKEN.finditer(text):
        if token["comment"] is not None:
            return text.count("\n", 0, token.start()) + 1
    return None


def _canonical(quads: Iterable[Quad]) -> set[str]:
    from pyoxigraph import CanonicalizationAlgorithm, Dataset

    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}
