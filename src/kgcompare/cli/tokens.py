"""The command that makes, lists and withdraws tokens: who may write over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kgcompare.cli.options import catalogue_options, ensure, must_be_kept
from kgcompare.cli.output import put
from kgcompare.cli.place import Place
from kgcompare.errors import UsageError

if TYPE_CHECKING:
    from kgcompare.store.tokens import Tokens


@click.command()
@click.argument("action", type=click.Choice(["add", "list", "remove"]))
@click.argument("name", required=False, default="")
@catalogue_options
@click.option("--until", default="", metavar="DATE", help="The day on which a new token ends, such as 2027-03-31.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def token(place: Place, action: str, name: str, until: str, form: str) -> None:
    """Make, list or withdraw tokens: whoever has one may write over HTTP."""
    from kgcompare.store.folder import Folder
    from kgcompare.store.tokens import Tokens

    must_be_kept(place)
    if bool(name) != (action != "list") or (until and action != "add"):
        raise UsageError("say: token add NAME [--until DATE], token list, or token remove NAME")
    if place.endpoint is None:
        ensure(place)
        Folder(place.folder).describe()
    tokens = Tokens(place.tokens)
    if action == "add":
        text = tokens.add(name, until)
        put(_json(name=name, token=text) if form == "json" else text + "\n")
        click.echo(f"this is the token of {name}; it is not shown again. Send it as Authorization: Bearer", err=True)
    elif action == "remove":
        tokens.remove(name)
        click.echo(f"the token of {name} opens nothing any more", err=True)
    else:
        put(_listed(tokens, form))


def _json(**said: object) -> str:
    from kgcompare.formats import json

    return json.dumps(said)


def _listed(tokens: Tokens, form: str) -> str:
    """All tokens, without anything by which one could write."""
    from kgcompare.formats import json, terminal

    there = tokens.all()
    if form == "json":
        said = [{"name": t.name, "made": t.made, "until": t.until or None, "ended": t.has_ended()} for t in there]
        return json.dumps(said)
    lines = [[t.name, t.made, (t.until or "-") + (" (over)" if t.has_ended() else "")] for t in there]
    return terminal.listing(["name", "made", "until"], lines) if lines else ""
