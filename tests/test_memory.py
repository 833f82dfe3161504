"""What a server keeps in memory stays within its bounds, however many ask for however much."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from kgcompare.catalogue import Catalogue
from kgcompare.catalogue.descriptions import Descriptions
from kgcompare.search import DerivedFile, Filter, KeptPlace, choices, file
from kgcompare.search.vocabulary import Vocabulary
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.web.app import create_app
from kgcompare.web.settings import Settings


def open_at(path: Path) -> int:
    """How often this process has a file open."""
    count = 0
    for place in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += place.readlink() == path
    return count


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="nothing tells which files are open")
def test_many_threads_leave_few_connections_to_an_index(own_store: Path) -> None:
    (path,) = own_store.resolve().glob("index-*.sqlite")
    derived = DerivedFile(KeptPlace(path, lambda _: None))
    all_there = threading.Barrier(40)

    def ask(_: int) -> int:
        with derived._connected(derived.path()) as db:
            all_there.wait()
            assert open_at(path) == 40
            all_there.wait()
            return int(db.execute("SELECT count(*) FROM thing").fetchone()[0])

    with ThreadPoolExecutor(40) as threads:
        counts = set(threads.map(ask, range(40)))
    assert counts == {derived.rows("SELECT count(*) FROM thing")[0][0]}
    assert open_at(path) == file._STANDING
    with derived._connected(derived.path()):
        derived.release()
        assert open_at(path) == 1, "somebody is at it"
    assert open_at(path) == 0
    left = DerivedFile(KeptPlace(path, lambda _: None))
    assert left.rows("SELECT 1") == [(1,)]
    del left
    assert open_at(path) == 0, "without looking for circles"


def test_masks_of_all_facets_have_one_bound() -> None:
    kept = choices._Masks()
    mebibyte = 1 << (8 << 20)
    for number in range(20):
        kept.keep(str(number), {1: mebibyte})
    assert [number for number in range(20) if kept.of(str(number))] == list(range(9, 20))
    kept.keep("alone too much", dict.fromkeys(range(13), mebibyte))
    assert kept.of("alone too much") is None
    assert kept.of("19")


def test_what_is_known_of_words_has_bounds() -> None:
    """Whatever is typed: of beginnings of words only some lengths are kept, of slips the last ones."""
    words = [("x" * length + str(number), 1) for length in range(3, 60) for number in range(3)]
    spelt = [(len(word), word, str(names)) for word, names in words if len(word) > 5]
    spelt = [(6, "delphi\ndelfin", "3\n1"), (5, "logit", "2"), (7, "kwantil", "1")]
    vocabulary = Vocabulary(lambda sql, _: spelt if sql.startswith("SELECT length(word)") else [])
    for length in range(4, 60):
        for end in range(30):
            vocabulary.slips("x" * length + "y" * (end % 2) + str(end), True)
    for cache in (vocabulary.slips, vocabulary.weight, vocabulary._starts, vocabulary.read):
        most = cache.cache_info().maxsize
        assert most is not None
        assert cache.cache_info().currsize <= most
    assert vocabulary._starts.cache_info().currsize == 8


def test_a_slip_is_found_by_its_sound() -> None:
    spelt = [(6, "delphi\ndelfin", "3\n1"), (5, "logit", "2"), (7, "kwantil", "1")]
    vocabulary = Vocabulary(lambda sql, _: spelt if sql.startswith("SELECT length(word)") else [])
    assert vocabulary.slips("delfi", False)[:1] == ("delphi",)
    assert vocabulary.slips("cwanttil", False) == ("kwantil",)
    assert vocabulary.slips("llogyt", False) == ("logit",)


def test_descriptions_take_no_more_than_is_counted_for_them(part_store: Path) -> None:
    """Beside what is counted there is nothing; nor is much more counted, which would be memory that nobody uses."""
    with Catalogue(EmbeddedStore(part_store)) as catalogue:
        generation = catalogue.generation()
        things = [generation.base.record("method", thing.id) for thing in generation.search(Filter(), most=50).things]
        tracemalloc.start()
        try:
            descriptions = Descriptions(generation.snapshot, generation.shapes)
            before = tracemalloc.get_traced_memory()[0]
            descriptions.records(things)
            took = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()
        counted = int(sum(kept.size for kept in (descriptions._records, descriptions._links)))
        assert counted / 3 < took < counted
        small = Descriptions(generation.snapshot, generation.shapes, counted // 4)
        for at in range(0, len(things), 10):
            small.records(things[at : at + 10])
        assert 0 < sum(kept.size for kept in (small._records, small._links)) <= counted // 4


PAGES = (
    "/methods?from=1990",
    "/methods?q=regression&family=statistics",
    "/method/lasso?lang=fr",
    "/compare?method=lasso&method=ridge-regression",
    "/find",
    "/",
    "/shapes",
    "/method/nothing",
)


def test_a_page_leaves_nothing_of_what_it_shows(small_store: Path) -> None:
    """What macros hold is in a circle with them, and would stay until Python looks for circles: some 100 MiB of it."""
    client = create_app(Settings(store=small_store)).test_client()
    for address in PAGES:
        client.get(address)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for address in PAGES:
            assert client.get(address + ("&" if "?" in address else "?") + "lang=en").status_code in {200, 404}
        gc.collect()
        left = {type(thing).__module__ + "." + type(thing).__qualname__ for thing in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert {name for name in left if name.startswith(("kgcompare.", "jinja2."))} == set()
