"""What a run was made on: the machine, its speed, and the versions of everything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

_PACKAGES = ("kgcompare", "pyoxigraph", "pyshacl", "rdflib", "granian", "flask", "oxigraph", "rdflib-endpoint")
_LOOPS = 5_000_000


def about() -> dict[str, Any]:
    """Cores, memory, and the versions of kgcompare, of what it is made with and of its peers."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    versions: dict[str, str | None] = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if (server := shutil.which("virtuoso-t")) is not None:
        versions["virtuoso"] = _said([server, "-?"], r"Version ([\d.]+)")
    return {
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.machine(),
        "memory": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "versions": {name: version for name, version in versions.items() if version},
    }


def now() -> dict[str, float]:
    """How busy the machine is, and how fast: the load, and millions of turns of an empty loop a second."""
    fastest = min(_turn() for _ in range(3))
    return {"load": round(os.getloadavg()[0], 1), "loops": round(_LOOPS / fastest / 1e6, 1)}


def _turn() -> float:
    start = time.perf_counter()
    for _ in range(_LOOPS):
        pass
    return time.perf_counter() - start


def _said(command: list[str], pattern: str) -> str | None:
    """What a pattern finds in what a program says of itself."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(pattern, done.stdout + done.stderr)
    return match[1] if match else None
