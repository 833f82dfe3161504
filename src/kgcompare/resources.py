"""Finds ontology/, queries/ and data/, in a checkout and in an installed wheel."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from kgcompare.errors import Seam, StoreError

_PACKAGED = Path(__file__).parent / "_resources"
_CHECKOUT = Path(__file__).parents[2]


def folder(name: str) -> Path:
    """The folder *name* (``"ontology"``, ``"queries"`` or ``"data"``).

    A wheel carries the folders inside the package; an editable install has no such copy and reads
    the checkout itself.
    """
    packaged = _PACKAGED / name
    return packaged if packaged.is_dir() else _CHECKOUT / name


def data_files() -> list[Path]:
    """The files of the bundled catalogue, in a fixed order."""
    return sorted(folder("data").rglob("*.ttl"))


def shape_files() -> list[Path]:
    """The bundled shapes, in a fixed order."""
    return sorted((folder("ontology") / "shapes").glob("*.ttl"))


def vocabulary_file() -> Path:
    """The vocabulary ``https://w3id.org/kgcompare/ns#``."""
    return folder("ontology") / "kgcompare.ttl"


def broken(path: Path, why: str) -> str:
    """What to say where a file that comes with this package is missing."""
    return f"{path}, which comes with kgcompare, cannot be read: {why}; install kgcompare anew"


def text_of(path: Path) -> str:
    """What a file says that comes with this package.

    :raises StoreError: if it is not there or cannot be read: the installation is broken.
    """
    with Seam((OSError, ValueError), lambda why: StoreError(broken(path, why))):
        return path.read_text(encoding="utf-8")


def package_file(name: str) -> Path:
    """A file of the package itself."""
    return Path(__file__).parent / name


@cache
def example_comparisons() -> tuple[tuple[str, ...], ...]:
    """The slugs of what people compare, each comparison a tuple; none where the catalogue comes without examples."""
    path = folder("data") / "examples.csv"
    if not path.is_file():
        return ()
    return tuple(tuple(row) for row in csv.reader(text_of(path).splitlines()) if row)
