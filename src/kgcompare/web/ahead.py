"""What the first request of a kind would wait for, prepared before anybody asks: templates and languages once, and for
each generation the words by which slips are found and the masks of facets and years, which take a quarter of a second
in a large catalogue; and the processes that make changes, which take some seconds to start, where somebody may write.

It is done in the background and at the lowest priority, a while after the start and after a generation was opened: of
one that is over soon, as while many records are written, nothing is prepared.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from kgcompare.errors import KgcompareError
from kgcompare.search import Filter
from kgcompare.text.folding import stem
from kgcompare.text.languages import DEFAULT, autonym, direction, grouped, interface_languages, translate
from kgcompare.web.compiled import compile_all
from kgcompare.web.writing import get_ready

if TYPE_CHECKING:
    from flask import Flask

    from kgcompare.catalogue import Catalogue
    from kgcompare.catalogue.generation import Generation

_AFTER = 1.0
"""Seconds in which whoever asks for a page has the processor alone."""
_CALM = 3.0
"""Seconds in which a generation has to stay the newest to be prepared: what is written together is over after one or
two, and who computes holds up all others, whatever his priority."""
_NICE = 15
_SLIP = "qxwzjk"
"""A word that no name has, so that all are compared with it."""
_INFLECTED = "words"
"""A word that is long enough to have a stem."""


def prepare_ahead(app: Flask) -> None:
    """Prepares what an application will be asked for, from now on."""
    with suppress(RuntimeError):  # no thread can be had: each who comes first waits
        threading.Thread(target=_go_on, args=(app,), name="kgcompare-ahead", daemon=True).start()
        threading.Thread(target=_start_writing, args=(app,), name="kgcompare-writing", daemon=True).start()


def _go_on(app: Flask) -> None:
    with suppress(OSError):
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    time.sleep(_AFTER)
    compile_all(app)
    prepare_languages()
    catalogue, seen, done = cast("Catalogue", app.extensions["kgcompare"]), "", ""
    while True:
        seen, done = prepare_newest(catalogue, seen, done)
        time.sleep(_CALM)


def _start_writing(app: Flask) -> None:
    """Has changes be made at once as soon as somebody may make one; a process that starts has the priority of the
    thread that starts it for good, so that this one has its own."""
    time.sleep(_CALM)
    while not get_ready(app):
        time.sleep(_CALM)


def prepare_newest(catalogue: Catalogue, seen: str, done: str) -> tuple[str, str]:
    """Prepares the newest generation if it was *seen* before and not *done*; says which is seen and which is done."""
    generation = catalogue.opened()
    if generation is None:
        return "", done
    if generation.name != seen or generation.name == done or not generation.index.ready():
        return generation.name, done
    prepare_searches(generation)
    return generation.name, generation.name


def prepare_searches(generation: Generation) -> None:
    """Has a generation read what its first searches and lists need; what cannot be read is said to whoever asks."""
    with suppress(KgcompareError):
        generation.suggest(_SLIP, DEFAULT)
        for query in (Filter(), Filter(start=0)):
            generation.search(query, most=1, facets=True)


def prepare_languages() -> None:
    """Reads what pages and searches need of each language: its messages, names, numbers and inflections."""
    for lang in interface_languages():
        translate(lang, "Name")
        grouped(lang, 1000)
        direction(lang)
        autonym(lang)
        stem(_INFLECTED, lang)
