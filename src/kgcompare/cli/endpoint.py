"""The options that say more of an endpoint than its address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

BASE = "https://w3id.org/kgcompare/"
"""The default base, here too: to start is quicker without the module that has it."""
OF_AN_ENDPOINT = (
    *("timeout", "endpoint_keep", "endpoint_bytes", "endpoint_connect", "endpoint_first_byte", "endpoint_retries"),
    *("endpoint_failures", "endpoint_rest", "endpoint_mark_time", "endpoint_copied", "others_time"),
)
"""The limits that matter where a catalogue is kept at an endpoint."""
ENDPOINT_OPTIONS = (
    *("update_endpoint", "graph_store", "endpoint_graphs", "endpoint_credentials", "endpoint_base"),
    *("token_folder", "index_dir"),
)
"""The names of the options of :func:`endpoint_options`."""


others_option = click.option(
    "--others",
    metavar="FILE",
    type=click.Path(path_type=Path),
    envvar="KGCOMPARE_OTHERS",
    help="A list of other catalogues, which are asked for what a comparison names by its full IRI and is not here.",
)
"""Other catalogues."""


def endpoint_options(command: Callable[..., None]) -> Callable[..., None]:
    """Where an endpoint takes what changes it, and who we are to it."""
    for option in (
        click.option(
            "--endpoint-credentials",
            metavar="FILE",
            type=click.Path(path_type=Path),
            envvar="KGCOMPARE_ENDPOINT_CREDENTIALS",
            help="A TOML file with user and password, or token, for the endpoint, that others cannot read.",
        ),
        click.option(
            "--graph-store",
            metavar="URL",
            default="",
            envvar="KGCOMPARE_GRAPH_STORE",
            help="Where the endpoint takes graphs (Graph Store Protocol), if it does.",
        ),
        click.option(
            "--update-endpoint",
            metavar="URL",
            default="",
            envvar="KGCOMPARE_UPDATE_ENDPOINT",
            help="Where the endpoint takes updates, if elsewhere than queries.",
        ),
        click.option(
            "--endpoint-graphs",
            metavar="NAMES",
            default="",
            envvar="KGCOMPARE_ENDPOINT_GRAPHS",
            help="Which graphs of the endpoint are the catalogue: names, parted by spaces, in which * is any text.  "
            "[default: those under the base]",
        ),
        click.option(
            "--index-dir",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="KGCOMPARE_INDEX_DIR",
            help="Where the indexes of endpoints stay between starts; default: the user's cache.",
        ),
        click.option(
            "--token-folder",
            metavar="DIR",
            type=click.Path(path_type=Path),
            envvar="KGCOMPARE_TOKEN_FOLDER",
            help="Where the tokens are of those who may write to the endpoint over HTTP.",
        ),
        click.option(
            "--endpoint-base",
            metavar="IRI",
            default=BASE,
            show_default=True,
            envvar="KGCOMPARE_ENDPOINT_BASE",
            help="What the IRIs of the records in the endpoint begin with.",
        ),
    ):
        command = option(command)
    return command
