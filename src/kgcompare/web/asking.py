"""What a request says: its language, and what its address should keep."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from kgcompare import languages


def language() -> str:
    """``?lang=``, else ``Accept-Language``, else English.

    :raises UsageError: for a ``?lang=`` that is no language tag.
    """
    asked = request.args.get("lang", "")
    if asked:
        return languages.normalise(asked)
    return languages.negotiate(request.headers.get("Accept-Language", ""))


def link(endpoint: str, **values: Any) -> str:
    """The address of another page, in the language that this one was asked for in."""
    if "lang" not in values and request.args.get("lang"):
        values["lang"] = request.args["lang"]
    return url_for(endpoint, **{name: value for name, value in values.items() if value not in (None, "", [])})
