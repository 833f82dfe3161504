"""An empty Flask route under the server that kgcompare uses: ``python bench/empty.py PORT``."""

from __future__ import annotations

import sys
from typing import Any

import flask

import kgcompare.web
from kgcompare.web import server
from kgcompare.web.answers import QUICK


def create_app(_settings: Any) -> flask.Flask:
    """An application that says nothing."""
    app = flask.Flask("empty")

    @app.get("/")
    def empty() -> str:
        return ""

    answer: Any = app.wsgi_app
    setattr(app, "wsgi_app", lambda environ, start: None if QUICK in environ else answer(environ, start))  # noqa: B010
    return app


if __name__ == "__main__":
    setattr(kgcompare.web, "create_app", create_app)  # noqa: B010
    server.run(server.Settings(), "127.0.0.1", int(sys.argv[1]))
