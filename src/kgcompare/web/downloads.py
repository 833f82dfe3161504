"""What is taken along: how files are called, and which formats come first.

Source: RFC 6266, section 4.3 (filename), of which only the form that everybody reads is used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from flask import request

from kgcompare.formats import FORMATS, Format

FOR_PEOPLE = ("csv", "tsv", "md", "tex", "bib", "ris")
"""The formats that people open in a program of theirs; the others are data."""
_LONGEST_NAME = 80
"""Characters of a file's name before its suffix."""
_UNSAFE = re.compile(r"[^a-z0-9-]+", re.ASCII)


def file_name(names: Sequence[str], form: Format) -> str:
    """What a download is called: after what is in it (slugs), as many of them as a name has room for.

    ``lasso_ridge-regression.csv``; where some are left out, ``lasso_ridge-regression_and-8-more.csv``.
    """
    safe = [_UNSAFE.sub("-", name.lower()).strip("-") or "download" for name in names]
    fitting = sum(length <= _LONGEST_NAME for length in accumulate(len(name) + 1 for name in safe)) or 1
    more = [f"and-{len(safe) - fitting}-more"] if len(safe) > fitting else []
    return "_".join([*(name[:_LONGEST_NAME] for name in safe[:fitting]), *more]) + f".{form.name}"


def own_file_name(form: Format) -> str:
    """What an answer at this address is called: after the end of the address; empty for pages and what has a suffix of
    its own."""
    if form.name == "html" or FORMATS.get(form.name) != form:
        return ""
    return file_name([request.path.strip("/").rpartition("/")[2].partition(".")[0] or "catalogue"], form)


def marked(text: str, form: Format) -> str:
    """A table as it was asked for: ``?bom=true`` puts a byte order mark before it, by which Excel knows UTF-8."""
    wanted = form.name in {"csv", "tsv"} and request.args.get("bom") == "true"
    return "\ufeff" + text if wanted else text
