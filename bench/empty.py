"""An empty Flask route under granian, as granian itself runs Flask: ``python bench/empty.py PORT [PROCESSES]``."""

from __future__ import annotations

import sys

import flask

app = flask.Flask("empty")


@app.get("/")
def empty() -> str:
    """Says nothing."""
    return ""


def load(_target: str) -> flask.Flask:
    """The application, in the server's worker."""
    return app


if __name__ == "__main__":
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    port = int(sys.argv[1])
    server = Granian(
        "empty",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=int(sys.argv[2]) if len(sys.argv) > 2 else 1,
        blocking_threads=16,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=load)
