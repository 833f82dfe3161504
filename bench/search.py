"""What search takes, and how often its first answer is right: ``python bench/search.py STORE [--queries FILE]``.

STORE is a store folder, or the index file of one. The texts are words that the names of the catalogue have: as they
are, begun, and with a slip. FILE has a query, a language and the slugs that are right (separated by ``|``) a line,
separated by tabs, under a head line; its misses are printed.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from kgcompare.catalogue import Catalogue
from kgcompare.errors import StoreError
from kgcompare.schema.shapes import Shapes, bundled_shapes
from kgcompare.search import DerivedFile, Filter, Index, KeptPlace
from kgcompare.store.embedded import EmbeddedStore

ROUNDS = 40


def opened(path: Path) -> Index:
    """The index of a store, or in a file."""
    if path.is_dir():
        return Catalogue(EmbeddedStore(path)).generation().index

    def refused(_: Path) -> None:
        raise StoreError(f"{path} is no index of this version; name the store, or make the index anew")

    return Index(DerivedFile(KeptPlace(path, refused)), Shapes(bundled_shapes()))


def slipped(word: str, dice: random.Random) -> str:
    """A word with two letters changed for one another."""
    at = dice.randrange(1, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def texts(index: Index) -> dict[str, list[str]]:
    """Texts of each kind, none twice: an index keeps what it has found."""
    dice = random.Random(3)
    rows = index._rows("SELECT word FROM word WHERE names > 0 AND length(word) > 5 ORDER BY things DESC")
    words = [row[0] for row in rows if row[0].isalpha()]
    common, rare = words[:ROUNDS], dice.sample(words[len(words) // 2 :], ROUNDS)
    some = dice.sample(words, ROUNDS)
    return {
        "two letters": list(dict.fromkeys(word[:2] for word in words))[:ROUNDS],
        "four letters": list(dict.fromkeys(word[:4] for word in words))[:ROUNDS],
        "a common word": common,
        "a rare word": rare,
        "two common words": [f"{one} {other}" for one, other in pairwise(common)],
        "a slip": [slipped(word, dice) for word in some],
        "a slip in a common word": [slipped(word, dice) for word in common],
    }


def measured(ask: Callable[[str], object], some: list[str]) -> str:
    """Median and 95th percentile, in milliseconds of the processor's time: other programs do not count."""
    took = []
    for text in some:
        start = time.thread_time()
        ask(text)
        took.append((time.thread_time() - start) * 1000)
    took.sort()
    return f"{took[len(took) // 2]:.2f} | {took[int(len(took) * 0.95)]:.2f}"


def misses(index: Index, queries: Path) -> Iterator[str]:
    """The queries whose first completion or first of a list is not right, and the rates."""
    right, asked = [0, 0], 0
    for line in queries.read_text(encoding="utf-8").splitlines()[1:]:
        text, lang, slugs = line.split("\t")
        if "+" in slugs:
            continue  # several methods that are to be compared
        asked += 1
        completed = [entry.slug for entry in index.suggest(text, lang, "method", 1)]
        listed = [entry.slug for entry in index.listing(Filter(text, "method"), lang, most=1)[0]]
        for place, found in enumerate((completed, listed)):
            good = bool(found) and found[0] in slugs.split("|")
            right[place] += good
            if not good:
                yield f"{('completion', 'list')[place]}: {text} ({lang}): {found or 'nothing'}, not {slugs}"
    yield f"{asked} queries: {right[0] / asked:.1%} of completions and {right[1] / asked:.1%} of lists are right"


def main() -> None:
    """Measures, and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--queries", type=Path)
    options = parser.parse_args()
    index = opened(options.store)
    start = time.thread_time()
    index.suggest("regresion tr", "en", "method")
    first = (time.thread_time() - start) * 1000
    print(f"{index.counts().get('method', 0):,} methods, {index.path.stat().st_size / 2**20:.0f} MiB; ", end="")
    print(f"the first text, with a slip: {first:.0f} ms\n")
    print("| text | completion: median ms | p95 | ranked, best 20: median ms | p95 |\n|---|--:|--:|--:|--:|")
    for kind, some in texts(index).items():
        completed = measured(lambda text: index.suggest(text, "en", "method"), some)
        ranked = measured(lambda text: index.matching(Filter(text, "method"), 20), some)
        print(f"| {kind} | {completed} | {ranked} |")
    for line in misses(index, options.queries) if options.queries else ():
        print(line)


if __name__ == "__main__":
    main()
