"""Finds ontology/, queries/ and data/, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

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


def package_file(name: str) -> Path:
    """A file of the package itself."""
    return Path(__file__).parent / name
