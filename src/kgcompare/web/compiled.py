"""Templates as they are compiled, which takes 0.1 to 0.3 s for a page: kept in a folder.

What is kept is code, so that only a folder counts which is ours and which nobody else may write.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import TemplateError
from jinja2.bccache import Bucket, FileSystemBytecodeCache


class _Kept(FileSystemBytecodeCache):
    """Templates in a folder; what cannot be read or written is compiled as if there were none."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def prepare_templates(app: Flask, folder: Path | None) -> None:
    """How templates of an application are read; what is compiled is kept in a *folder*, if there is one that can be."""
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
