"""Runs the commands that a guide in docs/ shows, in order, and compares what they print with what it shows.

A guide shows commands in blocks of ``console``: after ``$ `` a command, which may go on in lines that begin with
``> ``, and below it what it prints, stdout before stderr. Where a line of a guide has ``...``, anything may stand, and
where ``...`` is all of it, any lines. Empty lines and spaces at the end of lines do not count.

``kgcompare`` runs in this process, with ``> FILE`` and ``< FILE`` as in a shell. ``kgcompare serve`` goes on in a
process of its own until the guide ends; 127.0.0.1:8000, where guides serve, is then the port that it got.
``export NAME=VALUE`` holds for what follows. All else is run by bash, for which ``kgcompare`` is a command as well.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from serving import KGCOMPARE, Server, serving

_AT = "127.0.0.1:8000"
_SHELL = re.compile(r"[|&;<>$`*?]|^(?!kgcompare )")
"""What only a shell can run."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a guide, the line in which it stands, and what the guide shows below it."""

    line: int
    command: str
    shown: tuple[str, ...]


def steps(guide: Path) -> list[Step]:
    """The commands of a guide, in order."""
    found: list[tuple[int, str, list[str]]] = []
    inside = False
    for number, line in enumerate(guide.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip().startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            found.append((number, line[2:], []))
        elif inside and line.startswith("> ") and found and not found[-1][2]:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line[2:]}", [])
        elif inside and found:
            found[-1][2].append(line)
    return [Step(number, command, tuple(shown)) for number, command, shown in found]


def follow(guide: Path, folder: Path, patch: pytest.MonkeyPatch, run: Callable[..., object]) -> None:
    """Runs a guide in a folder that has the files which it speaks of; fails where a command prints something else.

    *run* is the fixture of that name.
    """
    patch.chdir(folder)
    with ExitStack() as stack:
        follower = _Follower(folder, patch, run, stack)
        for step in (taken := steps(guide)):
            printed = follower.printed(step.command)
            if fault := difference(step.shown, printed):
                pytest.fail(f"{guide.name}:{step.line}: $ {step.command}\n{fault}\n\nit prints:\n{printed}")
    assert taken, f"{guide.name} shows no command"


def difference(shown: tuple[str, ...], printed: str) -> str:
    """Where a print is not what is shown, in words; empty if it is that."""
    wanted = [line for line in map(_plain, shown) if line]
    given = [line for line in map(_plain, printed.splitlines()) if line]
    at = 0
    for number, line in enumerate(wanted):
        if line == "...":
            after = wanted[number + 1 : number + 2]
            while at < len(given) and not (after and _fits(after[0], given[at])):
                at += 1
        elif at >= len(given) or not _fits(line, given[at]):
            return f"shown: {line}\ngiven: {given[at] if at < len(given) else 'nothing more'}"
        else:
            at += 1
    return "" if at == len(given) else f"not shown: {given[at]}"


def _plain(line: str) -> str:
    return line.replace("\u00a0", " ").replace("\u202f", " ").rstrip()


def _fits(shown: str, given: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, shown.split("..."))), given) is not None


class _Follower:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, run: Callable[..., object], stack: ExitStack) -> None:
        self._patch = patch
        self._run = run
        self._stack = stack
        self._server: Server | None = None
        self._scratch = folder.parent / f"{folder.name}-surroundings"
        command = self._scratch / "bin/kgcompare"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec {shlex.join(KGCOMPARE)} "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        patch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("LC_ALL", "C.UTF-8")

    def printed(self, command: str) -> str:
        """What a command prints, stdout before stderr."""
        if serve := re.fullmatch(r"kgcompare serve\b(.*?)&?", command, re.DOTALL):
            return self._served(shlex.split(serve[1]))
        if setting := re.fullmatch(r"export (\w+)=(.*)", command, re.DOTALL):
            out, err = self._shell(f"printf %s {setting[2]}")
            self._patch.setenv(setting[1], out)
            return err
        if redirected := re.fullmatch(r"(kgcompare [^|&;<>$`*?]*)(?<= )([<>]) ?([\w./-]+)", command):
            return self._redirected(redirected[1], redirected[2], Path(redirected[3]))
        out, err = self._shell(command) if _SHELL.search(command) else self._own(command)
        return out + err

    def _own(self, command: str) -> tuple[str, str]:
        ran = self._run(*shlex.split(command.replace("\\\n", " "))[1:])
        return str(getattr(ran, "out", "")), str(getattr(ran, "err", ""))

    def _redirected(self, command: str, sign: str, file: Path) -> str:
        if sign == "<":
            return "".join(self._shell(f"{command} < {file}"))
        out, err = self._own(command)
        file.write_bytes(out.encode())
        return err

    def _shell(self, command: str) -> tuple[str, str]:
        port = self._server.port if self._server else 8000
        ran = subprocess.run(
            ["bash", "-c", command.replace(_AT, f"127.0.0.1:{port}")],
            check=False,
            capture_output=True,
            timeout=120,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        out, err = (data.decode().replace(f"127.0.0.1:{port}", _AT) for data in (ran.stdout, ran.stderr))
        return out, err

    def _served(self, arguments: list[str]) -> str:
        if "--port" in arguments:
            pytest.fail("guides serve at the port that is there without saying one")
        surroundings = {name: value for name, value in os.environ.items() if name.startswith("KGCOMPARE_")}
        self._server = self._stack.enter_context(serving(self._scratch, *arguments, **surroundings))
        return self._server.err.read_text(encoding="utf-8").replace(f"127.0.0.1:{self._server.port}", _AT)
