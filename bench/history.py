"""What the history costs: bytes on disk of an import, of edits and of a replacement of everything, and time of an edit.

    python bench/history.py [--records N] [--edits N]

It makes a store of records with a summary, a family and a year in a temporary folder, and prints what each step adds to
``history.sqlite`` and to the graph of the history.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from kgcompare import ingest
from kgcompare.ingest.editing import Body, Condition, Editor
from kgcompare.store.embedded import EmbeddedStore

_BASE = "https://w3id.org/kgcompare/"
_HEAD = """\
@prefix kgc: <https://w3id.org/kgcompare/ns#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
"""


def record(number: int, word: str) -> str:
    """A method in Turtle, of ten statements and 700 bytes."""
    text = f"Method {number} {word} what is looked for in data of many kinds, step by step, until nothing is left. " * 2
    return (
        f'<{_BASE}id/method/m-{number}> a kgc:Method ; skos:prefLabel "Method {number}"@en, "Méthode {number}"@fr ;\n'
        f' skos:definition "{text}"@en, "{text}"@fr ; skos:altLabel "M{number}"@en, "the {number}th"@en ;\n'
        f' kgc:origin "{1900 + number % 120}"^^edtf:EDTF .\n'
    )


def sizes(store: Path) -> tuple[int, int]:
    """Bytes of the file, and statements of the graph."""
    snapshot = EmbeddedStore(store).snapshot()
    return (store / "history.sqlite").stat().st_size, len(snapshot.graph(snapshot.base.history_graph))


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store, file = Path(scratch) / "store", Path(scratch) / "all.ttl"
        ingest.create_store(store)

        def take(word: str) -> None:
            file.write_text(_HEAD + "".join(record(n, word) for n in range(given.records)), encoding="utf-8")
            ingest.import_files(store, [file], ingest.Options(trust=True, replace=True))

        before = [(0, 0)]

        def show(what: str, count: int) -> None:
            now = sizes(store)
            grown, said = now[0] - before[-1][0], now[1] - before[-1][1]
            print(f"{what:<28} {grown:>12,} bytes  {grown / count:>9,.0f} a record  {said:>7,} statements")
            before.append(now)

        take("finds")
        show("first import", given.records)
        editor, took = Editor(store, (), ingest.Options(replace=True), 60.0), []
        for number in range(given.edits):
            thing = number % given.records
            start = time.perf_counter()
            body = Body((_HEAD + record(thing, f"seeks {number}")).encode(), "ttl")
            editor.put(f"{_BASE}id/method/m-{thing}", body, Condition())
            took.append(time.perf_counter() - start)
        if took:
            show("edits", given.edits)
            print(f"{'an edit, median':<28} {1000 * median(took):>12,.0f} ms")
        take("weighs")
        show("replacement of everything", given.records)


if __name__ == "__main__":
    main()
