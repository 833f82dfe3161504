"""Every exception of kgcompare has a status on the web."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgcompare import errors
from kgcompare.errors import InvalidData, KgcompareError, ValidationReport
from kgcompare.web.app import create_app
from kgcompare.web.problems import status_of
from kgcompare.web.settings import Settings

STATUSES: dict[type[KgcompareError], int] = {
    errors.KgcompareError: 400,
    errors.UsageError: 400,
    errors.TooManyThings: 400,
    errors.UnknownThing: 404,
    errors.UnknownFormat: 406,
    errors.DataError: 422,
    errors.SyntaxFault: 422,
    errors.TokenTooLong: 422,
    errors.Unformatted: 422,
    errors.InvalidData: 422,
    errors.Conflict: 409,
    errors.StillNamed: 409,
    errors.Outdated: 412,
    errors.ShapeError: 422,
    errors.QueryError: 422,
    errors.Refused: 400,
    errors.Unscoped: 422,
    errors.StoreError: 503,
    errors.StoreMissing: 503,
    errors.Damaged: 503,
    errors.EndpointError: 502,
    errors.Unanswered: 502,
    errors.EndpointDown: 503,
    errors.Unavailable: 503,
    errors.NotIndexed: 503,
    errors.Overrun: 503,
    errors.Busy: 503,
    errors.TooMany: 429,
}


def made(kind: type[KgcompareError], message: str) -> KgcompareError:
    if kind is errors.NotIndexed:
        return errors.NotIndexed(3, 7)  # its words are its own
    return InvalidData(message, ValidationReport()) if kind is InvalidData else kind(message)


def test_the_whole_tree_is_here() -> None:
    def below(kind: type[KgcompareError]) -> set[type[KgcompareError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    ours = {kind for kind in below(KgcompareError) if kind.__module__ == errors.__name__}
    assert ours == STATUSES.keys()
    assert below(KgcompareError) == ours, "an exception stands outside of kgcompare.errors"


@pytest.mark.parametrize(("kind", "status"), STATUSES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_an_error_has_its_status(small_store: Path, kind: type[KgcompareError], status: int) -> None:
    fault = made(kind, "what went wrong")
    assert status_of(fault) == status
    app = create_app(Settings(store=small_store))

    @app.get("/fails")
    def fails() -> str:
        raise fault

    answer = app.test_client().get("/fails")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    hidden = issubclass(kind, errors.StoreError) and not issubclass(kind, errors.EndpointError)  # it may name folders
    assert (str(fault) in answer.json["detail"]) is not hidden
    assert answer.json["status"] == status
    assert ("Retry-After" in answer.headers) == isinstance(fault, errors.Unavailable | errors.EndpointDown)


def test_a_kind_that_nobody_foresaw_is_as_what_it_belongs_to() -> None:
    class Stranger(errors.EndpointError):
        """Of somebody's own."""

    assert status_of(Stranger("x")) == 502
