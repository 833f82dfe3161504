"""The command that looks an endpoint over."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from kgcompare.cli.options import catalogue_options
from kgcompare.cli.output import put
from kgcompare.cli.place import Place
from kgcompare.errors import DataError, UsageError

_SIGNS = {"good": "ok", "limited": "limited", "missing": "MISSING", "untried": "not tried"}


@click.command()
@catalogue_options
@click.option("--write", is_flag=True, help="Try to write as well, in a graph of its own that goes again.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def doctor(place: Place, write: bool, form: str) -> None:
    """Find out what an endpoint can do, and what that means."""
    from kgcompare.store.examining import examined, is_usable

    elsewhere = place.elsewhere
    if elsewhere is None:
        raise UsageError("name the endpoint to look over: --endpoint URL")
    store = elsewhere.open(place.limits)
    findings = examined(store.engine, store.base, store.most_copied, write=write)
    usable = is_usable(findings)
    if form == "json":
        said = {"endpoint": store.endpoint.url, "usable": usable, "findings": [asdict(each) for each in findings]}
        put(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        wide = max(len(each.name) for each in findings)
        for each in findings:
            found = f"{each.found}: " if each.found else ""
            put(f"{each.name:<{wide}}  {_SIGNS[each.state]:<9}  {found}{each.meaning}\n")
    if not usable:
        raise DataError(f"{store.endpoint.url} cannot be used: something that reading needs is missing")
