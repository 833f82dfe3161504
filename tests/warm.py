"""Processes that serve one test after the other, where starting them is most of the work and not what is tested."""

from __future__ import annotations

import subprocess
import weakref
from collections.abc import Iterator

import pytest

from kgcompare.ingest import apart
from kgcompare.web import writing

_idle: list[subprocess.Popen[bytes]] = []
"""Processes that make changes, of any store, and are at none."""


class _Lent(apart.EditorApart):
    """An editor whose process made the changes of others before, and will again."""

    def _asked(self, order: bytes, seconds: float) -> object:
        if _idle:
            self._process = _idle.pop()
            self._end = weakref.finalize(self, apart._ended, self._process)
        answer = super()._asked(order, seconds)
        if self._process is not None and self._end is not None:
            self._end.detach()
            _idle.append(self._process)
            self._process = self._end = None
        return answer


@pytest.fixture(autouse=True, scope="session")
def _lent_editors() -> Iterator[None]:
    """Applications in the process of a test make changes by processes that are warm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "EditorApart", _Lent)
        yield
    while _idle:
        apart._ended(_idle.pop())
