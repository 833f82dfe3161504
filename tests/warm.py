"""Processes that serve one test after the other, where starting them is most of the work and not what is tested."""

from __future__ import annotations

import subprocess
import weakref
from collections.abc import Iterator

import pytest

from kgcompare.ingest import apart
from kgcompare.web import writing

_idle: list[subprocess.Popen[bytes]] = []
"""Processes that make changes, of any store, and whose application is gone."""


class _Lent(apart.EditorApart):
    """An editor whose process was another one's, and is left to the next one."""

    def _started(self) -> subprocess.Popen[bytes]:
        while self._process is None and _idle:
            found = _idle.pop()
            self._process = found if found.poll() is None else None
        process = super()._started()
        if self._end is not None:
            self._end.detach()
        self._end = weakref.finalize(self, _idle.append, process)
        return process

    def close(self) -> None:
        if self._end is not None:
            self._end.detach()
            self._end = None
        if self._process is not None:
            apart._ended(self._process)
        self._process = None


@pytest.fixture(autouse=True, scope="session")
def _lent_editors() -> Iterator[None]:
    """Applications in the process of a test make changes by processes that are warm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "EditorApart", _Lent)
        yield
    while _idle:
        apart._ended(_idle.pop())
