"""Answers that are not kept: what other catalogues say may change at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Response, request

from kgcompare.formats import Format
from kgcompare.web.coding import wanted
from kgcompare.web.kept import Kept, answers_of
from kgcompare.web.request import current, limits


def answer_anew(
    form: Format,
    lang: str,
    make: Callable[[], str],
    links: Callable[[], str],
    file: Callable[[], str] | None = None,
) -> Response:
    """The answer in a format, made for this request; its entity tag is that of what it says.

    *links* makes its Link header, *file* the name under which it is saved; both are asked when it is made.
    """
    body = make().encode("utf-8", "replace")
    tag = answers_of(current(), limits().kept_bytes).tag(form.name, lang, hashlib.sha256(body).hexdigest())
    plain = Kept.of(body, tag, form, lang, links=links(), file=file() if file else "")
    return plain.coded(wanted(request.environ)).response()
