"""Whether an index file is whole, and what it says of itself.

Source: SQLite, "Database File Format", section 1.3 (the header), and "Result and Error Codes".
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

FORMAT = "9"
"""What an index file holds; goes up when that changes."""
_CHECKED = 16 * 1024 * 1024
"""Bytes up to which a file is looked through before it is used: some milliseconds."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}


def fault_of(path: Path) -> str | None:
    """What is wrong with an index file: it is not there, was cut off or is damaged; None if nothing is."""
    try:
        size = path.stat().st_size
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            pages, page = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            if size == 0 or pages * page != size:
                return "was cut off"
            if db.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() != (FORMAT,):
                return "was made by another version"
            if size <= _CHECKED and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return "is damaged"
    except FileNotFoundError:
        return "is not there"
    except (sqlite3.Error, OSError):
        return "is damaged"
    return None


def notes_in(path: Path) -> dict[str, str]:
    """What an index file says of itself; nothing where it cannot be read."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db,
    ):
        return dict(db.execute("SELECT key, value FROM meta").fetchall())
    return {}


def is_damage(fault: sqlite3.Error, path: Path) -> bool:
    """Whether the file is at fault when SQLite fails."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGE or (code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR} and fault_of(path) is not None)
