"""Empty tables with the columns that the shapes give.

Source: RFC 4180 (CSV); jsonlines.org.
"""

from __future__ import annotations

import csv
import io
import json

from kgcompare.errors import UsageError
from kgcompare.ingest.columns import columns, heads
from kgcompare.schema.shapes import Shapes


def empty(shapes: Shapes, kind: str, form: str, languages: tuple[str, ...]) -> str:
    """A table of a kind without rows: ``csv``, the heads alone, or ``jsonl``, an object whose values are empty.

    What needs a language has a column for each of *languages*; in JSON it is an object by language.

    :raises UsageError: for a kind that no shape knows.
    """
    if not shapes.classes_of_kind(kind):
        raise UsageError(f"there is no kind {kind!r}; there are {', '.join(shapes.kinds)}")
    if form == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(heads(shapes, kind, languages))
        return out.getvalue()
    known = columns(shapes, shapes.classes_of_kind(kind)[0])
    row: dict[str, object] = {}
    for head in heads(shapes, kind, languages):
        name, _, lang = head.partition("@")
        column = known.get(name)
        if column is None or not column.worded:
            row[head] = [] if column and column.many else ""
        else:
            texts = row.setdefault(name, {})
            if isinstance(texts, dict):
                texts[lang] = [] if column.many else ""
    return json.dumps(row, ensure_ascii=False) + "\n"
