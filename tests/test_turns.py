"""Whose query is next: clients take turns, nobody has all the workers, and nobody waits beyond the deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kgcompare.errors import Busy, TooMany
from kgcompare.sandbox.turns import Turns

LATER = 60.0


class Stage:
    """Clients that ask for turns, each in a thread, and give them back when they are told to."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.got: list[str] = []
        self.done: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def ask(self, client: str, name: str) -> None:
        self.done[name] = threading.Event()
        before = self.turns._under_way.total()
        thread = threading.Thread(target=self._run, args=(client, name))
        self._threads.append(thread)
        thread.start()
        until(lambda: self.turns._under_way.total() > before)

    def _run(self, client: str, name: str) -> None:
        with self.turns.taken(client, time.monotonic() + LATER):
            self.got.append(name)
            self.done[name].wait(LATER)

    def end(self) -> None:
        for event in self.done.values():
            event.set()
        for thread in self._threads:
            thread.join(LATER)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def stage(workers: int, waiting: int = 20, share: int = 20) -> Iterator[Stage]:
    found = Stage(Turns(workers, waiting, share))
    try:
        yield found
    finally:
        found.end()


def test_one_client_leaves_a_worker_to_the_others() -> None:
    with stage(workers=3) as here:
        for number in range(8):
            here.ask("a", f"a{number}")
        until(lambda: len(here.got) == 2)
        here.ask("b", "b0")
        until(lambda: "b0" in here.got)
        assert here.got == ["a0", "a1", "b0"]


def test_one_worker_is_one_client_s_too() -> None:
    with stage(workers=1) as here:
        here.ask("a", "a0")
        until(lambda: here.got == ["a0"])


def test_clients_take_turns() -> None:
    with stage(workers=1) as here:
        for client in "aaabbc":
            here.ask(client, f"{client}{sum(name[0] == client for name in here.done)}")
        for number, name in enumerate(("a0", "b0", "c0", "a1", "b1", "a2"), 1):
            until(lambda: len(here.got) == number)  # noqa: B023  (at once)
            assert here.got[-1] == name
            here.done[name].set()


def test_waiting_ends_at_the_deadline_and_leaves_no_place() -> None:
    with stage(workers=1) as here:
        here.ask("a", "a0")
        until(lambda: here.got == ["a0"])
        for deadline in (time.monotonic() + 0.05, time.monotonic() - 1):
            with pytest.raises(Busy, match="no worker became free"), here.turns.taken("b", deadline):
                pass
        here.done["a0"].set()
        until(lambda: not here.turns._under_way)
        assert not here.turns._queues
        with here.turns.taken("b", time.monotonic() + LATER):
            pass


def test_a_share_and_a_bound() -> None:
    with stage(workers=1, waiting=3, share=2) as here:
        here.ask("a", "a0")
        here.ask("a", "a1")
        with pytest.raises(TooMany), here.turns.taken("a", time.monotonic() + LATER):
            pass
        here.ask("b", "b0")
        here.ask("c", "c0")
        with pytest.raises(Busy, match="too many queries wait"), here.turns.taken("d", time.monotonic() + LATER):
            pass


def test_a_turn_comes_back_after_an_error() -> None:
    turns = Turns(1, 0, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.taken("a", time.monotonic() + LATER):
            raise ZeroDivisionError
    assert not turns._under_way
    assert not turns._running
