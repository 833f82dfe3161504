"""Templates as they are compiled, which takes 0.1 to 0.3 s for a page: kept in a folder.

What is kept is code, so that only a folder counts which is ours and which nobody else may write.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import Template, TemplateError
from jinja2.bccache import Bucket, FileSystemBytecodeCache
from jinja2.runtime import Context


class _Kept(FileSystemBytecodeCache):
    """Templates in a folder; what cannot be read or written is compiled as if there were none."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


_MADE: ContextVar[list[Context] | None] = ContextVar("made", default=None)
"""The contexts of the page that is being made: its own, and one for each file of macros."""


class _LettingGo(Template):
    """A template that holds nothing of what it was given once its text is made: macros are in a circle with all of
    that, which else would stay until Python looks for circles."""

    def render(self, *args: Any, **kwargs: Any) -> str:
        """The text that it makes of some values."""
        made: list[Context] = []
        outer = _MADE.set(made)
        try:
            return super().render(*args, **kwargs)
        finally:
            _MADE.reset(outer)
            for context in made:
                context.vars.clear()
                context.parent.clear()

    def new_context(self, vars: dict[str, Any] | None = None, *args: Any, **kwargs: Any) -> Context:  # noqa: A002
        """A context; one without values is of macros that are kept."""
        context = super().new_context(vars, *args, **kwargs)
        made = _MADE.get()
        if made is not None and vars:
            made.append(context)
        return context


def prepare_templates(app: Flask, folder: Path | None) -> None:
    """How templates of an application are read; what is compiled is kept in a *folder*, if there is one that can be."""
    app.jinja_env.template_class = _LettingGo
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if folder is not None and _is_ours(folder):
        app.jinja_env.bytecode_cache = _Kept(str(folder), "%s.template")


def _is_ours(folder: Path) -> bool:
    with suppress(OSError, RuntimeError):  # no home
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
        return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return False


def compile_all(app: Flask) -> None:
    """Loads all templates."""
    for name in app.jinja_env.list_templates():
        with suppress(TemplateError):  # said to whoever asks for it
            app.jinja_env.get_template(name)
