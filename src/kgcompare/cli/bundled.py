"""The bundled catalogue as a store that is made once and then copied: making it takes seconds, a copy none.

It lies in the user's cache folder, under a name that changes with everything that it is made of. Whatever is wrong with
it or its place, the store is made as if it were not there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kgcompare import resources
from kgcompare.errors import StoreError
from kgcompare.store.embedded import EmbeddedStore

_PREFIX = "bundled-"
_UNUSED = 14 * 86_400.0
"""Seconds after which a store that nobody copied goes when another one is made."""


def copy_of_bundled(folder: Path, make: Callable[[Path], None]) -> None:
    """Puts a store of the bundled catalogue at *folder*, which is not there yet; *make* makes one."""
    import platformdirs

    place = platformdirs.user_cache_path("kgcompare")
    kept = place / (_PREFIX + _key())
    if _copied(kept, folder):
        return
    make(folder)
    with suppress(OSError):  # nobody needs to keep it
        place.mkdir(parents=True, exist_ok=True)
        for old in place.glob(f"{_PREFIX}*"):
            if time.time() - old.stat().st_mtime > _UNUSED:
                shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="part-", dir=place) as part:
            shutil.copytree(folder, Path(part) / "store", ignore=shutil.ignore_patterns("live"))
            shutil.rmtree(kept, ignore_errors=True)  # it was not whole
            (Path(part) / "store").rename(kept)


def _copied(kept: Path, folder: Path) -> bool:
    """Whether *folder* is now a copy of a store that is whole."""
    try:
        shutil.copytree(kept, folder)
        os.utime(kept)
        store = EmbeddedStore(folder)
        try:
            store.check()
        finally:
            store.close()
    except (OSError, shutil.Error, StoreError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def _key() -> str:
    """Changes with the files that the store is made of, and with those of the program."""
    digest = hashlib.sha256()
    program = Path(resources.__file__).parent.rglob("*.p[yo]")
    others = (path for name in ("data", "ontology", "queries") for path in resources.folder(name).rglob("*"))
    for path in sorted({*program, *others, *resources.data_files()}):
        with suppress(OSError):
            stat = path.stat()
            digest.update(os.fsencode(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n"))
    return digest.hexdigest()[:24]
