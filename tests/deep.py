"""How much is tried where all of it takes hours: a sample in every run, all of it with ``KGC_DEEP=1``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")
DEEP = os.environ.get("KGC_DEEP") == "1"


def many(few: T, deep: T) -> T:
    """What a run takes, or what is taken if everything is to be tried."""
    return deep if DEEP else few
