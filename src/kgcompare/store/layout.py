"""The layout of a store's folder: what store.json says, its number, and the way there from older layouts.

Whoever opens a store, to read or to write, reads store.json first. A store of an older layout is brought to ours then,
by whoever is first, with the writer's lock held; one of a newer layout is refused.

A step leads from one layout to the next. It may be ended at any moment: it is done when store.json has the new number,
which is written last and whole, and until then it will be done again from its beginning. So a step leaves what it
finds readable by the layout before, until that number stands there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kgcompare.errors import StoreError, StoreMissing, UsageError
from kgcompare.rdf.contact import checked_contact
from kgcompare.rdf.namespaces import DEFAULT_BASE, Base, checked_base
from kgcompare.store.files import LOG, alone, files, write_whole

LAYOUT = 1
_NAME = "store.json"
_LONGEST = 1 << 20
"""Bytes of store.json that are read."""
About = dict[str, Any]
"""What store.json says."""


@dataclass(frozen=True, slots=True)
class Description:
    """What store.json says: ``bare`` is a store of foreign quads, without our shapes and vocabulary in it.

    ``contact`` says to whom mistakes are told (:mod:`kgcompare.rdf.contact`), in a store that was made before
    catalogues said it themselves (:mod:`kgcompare.rdf.about`); empty in others.
    """

    base: Base
    identity: str
    bare: bool = False
    contact: str = ""

    def as_json(self) -> About:
        """The same as :func:`described` reads it."""
        return {"layout": LAYOUT, **asdict(self), "base": self.base.value}


def described(about: About) -> Description:
    """What a store.json of our layout says.

    :raises ValueError: if it lacks something or says what cannot be.
    """
    try:
        contact = checked_contact(str(about["contact"])) if about.get("contact") else ""
        base = Base(checked_base(str(about["base"])))
        return Description(base, str(about["identity"]), bool(about.get("bare", False)), contact)
    except KeyError as fault:
        raise ValueError(f"it does not say {fault}") from None
    except (TypeError, UsageError) as fault:
        raise ValueError(str(fault)) from None


def read_description(path: Path) -> Description:
    """What the store at a path says of itself; it is of our layout then.

    :raises StoreMissing: if there is none.
    :raises StoreError: if it is of a newer layout, unreadable, or of an older one and cannot be written.
    """
    about = _read(path)
    if _layout(about, path) < LAYOUT:
        about = _brought(path)
    try:
        return described(about)
    except ValueError as fault:
        raise _unreadable(path, fault) from None


def write_about(path: Path, about: About) -> None:
    """Writes store.json, whole and on disk.

    :raises OSError: if it cannot be written.
    """
    write_whole(path / _NAME, json.dumps(about, indent=1) + "\n")


def newer(layout: int, what: str) -> StoreError:
    """What is said of something whose layout is newer than ours."""
    return StoreError(
        f"{what} has layout {layout}, this kgcompare reads up to {LAYOUT}; install a newer kgcompare, such as the one "
        "that made it: pip install --upgrade kgcompare"
    )


def _read(path: Path) -> About:
    try:
        with (path / _NAME).open("rb") as file:
            about = json.loads(file.read(_LONGEST))
    except FileNotFoundError:
        raise StoreMissing(f"there is no store at {path}; make one with: kgcompare init --store {path}") from None
    except (OSError, ValueError, RecursionError) as fault:
        raise _unreadable(path, fault) from None
    if not isinstance(about, dict):
        raise _unreadable(path, ValueError("it is no JSON object"))
    return about


def _layout(about: About, path: Path) -> int:
    """The number; 0 where there is none, as before layouts had numbers."""
    layout = about.get("layout", 0)
    if type(layout) is not int or layout < 0:
        raise _unreadable(path, ValueError(f"{str(layout)[:40]!r} is no number of a layout"))
    if layout > LAYOUT:
        raise newer(layout, f"the store at {path}")
    return layout


def _brought(path: Path) -> About:
    """Brings a store to our layout, unless somebody else just did; says so."""
    try:
        with alone(path / "lock"):
            about = _read(path)
            while (layout := _layout(about, path)) < LAYOUT:
                with files(f"layout {layout + 1} cannot be written"):
                    STEPS[layout](path, about)
                    about["layout"] = layout + 1
                    write_about(path, about)
                LOG.warning("kgcompare: the store at %s was brought to layout %s", path, layout + 1)
            return about
    except StoreError as fault:
        what = f"the store at {path} is of an older layout, and has to be brought to layout {LAYOUT}"
        raise StoreError(f"{what}: {fault}") from None


def _unreadable(path: Path, fault: Exception) -> StoreError:
    return StoreError(f"{path / _NAME} cannot be read: {fault}; put it back from a copy")


# -- steps ---------------------------------------------------------------------------------------------


def _numbered(_: Path, about: About) -> None:
    """From before layouts had numbers: a store says its base, what tells it from others, and whether it is bare."""
    about.setdefault("base", DEFAULT_BASE)
    about.setdefault("identity", uuid.uuid4().hex)
    about.setdefault("bare", False)
    about.setdefault("contact", "")


STEPS: Mapping[int, Callable[[Path, About], None]] = {0: _numbered}
"""The step from each layout to the next: it changes the files in the folder, and what store.json will say."""
