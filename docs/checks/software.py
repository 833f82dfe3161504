"""See whether the software that the catalogue names still exists.

    python docs/checks/software.py                     all of data/software.ttl
    python docs/checks/software.py glmnet scikit-learn these packages alone
    python docs/checks/software.py --update            and write what was seen into data/software.ttl

Python packages are installed into an environment of their own, and each entry point is imported there. R packages are
looked for among the installed ones (on Debian the script names what to install) and each entry point is asked of R.
What was found goes to docs/checks/software.tsv: record, name, version, date, state, note. The states:

    ok           it is there
    deprecated   it is there, and says that it will go
    gone         the package is there, the entry point is not
    untried      the package could not be installed, or R is missing: nothing is known

The exit code is 1 if something is gone or deprecated. Nothing runs this by itself: it needs the network and takes a
while. Where PyTorch is missing, some packages (transformers, diffusers) give a stand-in for what needs it: that the
package still names it is all that is seen then.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "data" / "software.ttl"
RESULT = HERE / "software.tsv"
COLUMNS = ("record", "name", "version", "date", "state", "note")
BASE = "https://w3id.org/kgcompare/id/software/"
SCHEMA = "https://schema.org/"
WITH = {"keras": ["jax"]}
"""What a package wants beside itself, since it does not say so."""
WAIT_INSTALL, WAIT_PROBE = 3600, 300
"""Seconds for an installation and for the entry points of one package."""
BIOCONDUCTOR = "https://bioconductor.org/"

PYTHON_PROBE = r"""
import importlib, importlib.metadata, json, re, sys, warnings

def reach(name):
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if error.name and (error.name + ".").startswith(parts[0] + "."):
                continue
            raise
        try:
            for part in parts[end:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    return importlib.import_module(name)

asked, answers = json.load(sys.stdin), {}
for name in asked["names"]:
    last = name.rsplit(".", 1)[-1]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            found = reach(name)
        except (ImportError, AttributeError) as error:
            own = isinstance(error, AttributeError) or (error.name or "").split(".")[0] == name.split(".")[0]
            answers[name] = ["gone" if own else "untried", str(error).splitlines()[0]]
            continue
    notes = [str(one.message) for one in said if issubclass(one.category, (DeprecationWarning, FutureWarning))]
    notes = [note for note in notes if re.search(r"\b" + re.escape(last) + r"\b", note)]
    notes += [note for note in [getattr(found, "__deprecated__", "")] if isinstance(note, str) and note]
    head = re.split(r"\n\s*(?:Parameters|Args|Arguments)\b", getattr(found, "__doc__", None) or "")[0]
    notes += re.findall(r"\.\. deprecated::[^\n]*|^\s*DEPRECATED[^\n]*", head)
    answers[name] = ["deprecated", notes[0].strip()] if notes else ["ok", ""]
json.dump({"version": importlib.metadata.version(asked["package"]), "answers": answers}, sys.stdout)
"""

R_PROBE = r"""
asked <- commandArgs(trailingOnly = TRUE)
package <- asked[1]
if (!suppressWarnings(suppressMessages(requireNamespace(package, quietly = TRUE)))) quit(status = 3)
cat("version", as.character(packageVersion(package)), "\n", sep = "\t")
space <- asNamespace(package)
for (name in asked[-1]) {
    state <- "gone"
    if (name %in% getNamespaceExports(package)) {
        state <- "ok"
        found <- getExportedValue(package, name)
        if (is.function(found) && any(grepl("^\\s*\\.Deprecated\\(", deparse(body(found))))) state <- "deprecated"
    }
    cat("entry", name, state, "\n", sep = "\t")
}
"""


@dataclass(frozen=True)
class Software:
    """A record of the kind software. An entry point names its package's record, a package names none."""

    slug: str
    name: str
    language: str
    package: str
    url: str


@dataclass(frozen=True)
class Seen:
    """What was found of one record."""

    slug: str
    name: str
    version: str
    state: str
    note: str = ""


def read(path: Path) -> dict[str, Software]:
    """The software in a Turtle file, by slug."""
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for quad in parse(path=str(path), format=RdfFormat.TURTLE):
        subject, value = quad.subject, quad.object
        if isinstance(subject, NamedNode) and subject.value.startswith(BASE) and isinstance(value, NamedNode | Literal):
            said[subject.value.removeprefix(BASE)][quad.predicate.value.removeprefix(SCHEMA)] = value.value
    return {
        slug: Software(
            slug,
            one["name"],
            one["programmingLanguage"],
            one.get("isPartOf", "").removeprefix(BASE),
            one.get("url", ""),
        )
        for slug, one in sorted(said.items())
    }


def grouped(records: dict[str, Software]) -> list[tuple[Software, list[Software]]]:
    """Every package with its entry points."""
    inside: dict[str, list[Software]] = defaultdict(list)
    for one in records.values():
        if one.package:
            inside[one.package].append(one)
    return [(one, inside[one.slug]) for one in records.values() if not one.package]


def untried(package: Software, entries: Iterable[Software], why: str) -> list[Seen]:
    """The same reason for a package and all that is in it."""
    return [Seen(one.slug, one.name, "", "untried", why) for one in (package, *entries)]


# Python


def environment(folder: Path) -> Path | str:
    """The interpreter of an environment in a folder, made if it is not there, or why there is none."""
    python = folder / "bin" / "python"
    if not python.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
        if made.returncode:
            return f"no environment could be made: install python3-venv ({last_line(made.stderr or made.stdout)})"
    return python


def install(python: Path, packages: Sequence[Software]) -> dict[str, str]:
    """Install all at once, or one by one if that fails. Gives the reason for each slug that could not be installed."""
    wanted = {one.slug: [one.name, *WITH.get(one.name, [])] for one in packages}
    if not wanted or not pip(python, [name for names in wanted.values() for name in names]):
        return {}
    return {slug: why for slug, names in wanted.items() if (why := pip(python, names))}


def pip(python: Path, names: Sequence[str]) -> str:
    """Install with pip; gives what went wrong, or nothing."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--upgrade", *names]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_INSTALL)
    except subprocess.TimeoutExpired:
        return f"pip took longer than {WAIT_INSTALL} s"
    return last_line(ran.stderr) or "pip failed" if ran.returncode else ""


def python_seen(python: Path, package: Software, entries: Sequence[Software]) -> list[Seen]:
    """Import what a package has, in a process of its own."""
    asked = json.dumps({"package": package.name, "names": [one.name for one in entries]})
    quiet = {**os.environ, "KERAS_BACKEND": "jax", "MPLBACKEND": "agg", "PYTHONPATH": ""}
    command = [str(python), "-c", PYTHON_PROBE]
    try:
        ran = subprocess.run(
            command, input=asked, capture_output=True, text=True, check=False, timeout=WAIT_PROBE, env=quiet
        )
    except subprocess.TimeoutExpired:
        return untried(package, entries, f"importing took longer than {WAIT_PROBE} s")
    if ran.returncode:
        return untried(package, entries, last_line(ran.stderr) or f"importing ended with {ran.returncode}")
    answer = json.loads(ran.stdout[ran.stdout.rindex('{"version"') :])
    version = str(answer["version"])
    seen = [Seen(package.slug, package.name, version, "ok")]
    return seen + [Seen(one.slug, one.name, version, *answer["answers"][one.name]) for one in entries]


# R


def debian(package: Software) -> str:
    """The name of Debian's package for one of R."""
    return f"r-{'bioc' if package.url.startswith(BIOCONDUCTOR) else 'cran'}-{package.name.lower()}"


def r_seen(package: Software, entries: Sequence[Software]) -> list[Seen]:
    """Ask R for a package, and for what it exports. An entry point is written PACKAGE::NAME."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return untried(package, entries, "R is not installed: apt-get install r-base-core")
    names = [one.name.partition("::")[2] for one in entries]
    command = [rscript, "--vanilla", "-e", R_PROBE, package.name, *names]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_PROBE)
    except subprocess.TimeoutExpired:
        return untried(package, entries, f"R took longer than {WAIT_PROBE} s")
    if ran.returncode == 3:
        return untried(package, entries, f"not installed: apt-get install {debian(package)}")
    if ran.returncode:
        return untried(package, entries, last_line(ran.stderr) or f"R ended with {ran.returncode}")
    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    version = next(row[1] for row in rows if row[0] == "version")
    states = {row[1]: row[2] for row in rows if row[0] == "entry"}
    seen = [Seen(package.slug, package.name, version, "ok")]
    return seen + [Seen(one.slug, one.name, version, states[name]) for one, name in zip(entries, names, strict=True)]


# All


def check(
    packages: Sequence[tuple[Software, list[Software]]], folder: Path, *, installing: bool
) -> Iterator[list[Seen]]:
    """What there is to see, package by package. Without installing, what the environment has already."""
    python = environment(folder)
    failed: dict[str, str] = {}
    if installing and isinstance(python, Path):
        failed = install(python, [one for one, _ in packages if one.language == "Python"])
    for package, entries in packages:
        print(f"{package.language} {package.name}", file=sys.stderr)
        if package.language == "R":
            yield r_seen(package, entries)
        elif package.language != "Python":
            yield untried(package, entries, f"nothing here knows {package.language}")
        elif isinstance(python, str):
            yield untried(package, entries, python)
        elif package.slug in failed:
            yield untried(package, entries, failed[package.slug])
        else:
            yield python_seen(python, package, entries)


def write(seen: Sequence[Seen], path: Path, day: str) -> None:
    """Write what was found. Records that were not looked for, or not tried, keep the line that they had."""
    rows = {row["record"]: row for row in earlier(path)}
    for one in seen:
        if one.state != "untried" or one.slug not in rows:
            rows[one.slug] = dict(
                zip(COLUMNS, (one.slug, one.name, one.version, day, one.state, one.note), strict=True)
            )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[slug] for slug in sorted(rows))


def earlier(path: Path) -> list[dict[str, str]]:
    """The lines of the result file, none if there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def update(seen: Sequence[Seen], path: Path, day: str) -> None:
    """Write version and date of what is there into its record, where the record has them or not."""
    text = path.read_text(encoding="utf-8")
    for one in seen:
        if one.state not in ("ok", "deprecated"):
            continue
        block = re.search(rf"^software:{re.escape(one.slug)}\n.*?^\.\n", text, re.MULTILINE | re.DOTALL)
        if block is None:
            continue
        lines = [
            line for line in block[0].splitlines() if not re.match(r"    (dcterms:date|schema:softwareVersion) ", line)
        ]
        lines.insert(-1, f'    dcterms:date "{day}"^^xsd:date ;')
        lines.insert(-1, f"    schema:softwareVersion {json.dumps(one.version)} ;")
        text = text[: block.start()] + "\n".join(lines) + "\n" + text[block.end() :]
    path.write_text(text, encoding="utf-8")


def last_line(text: str) -> str:
    """The last line that is not empty."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def main() -> int:
    """Check, write the result, say what is wrong."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("packages", nargs="*", help="slugs of packages, all if none is named")
    options.add_argument("--venv", type=Path, help="keep the environment in this folder and use it again")
    options.add_argument("--installed", action="store_true", help="install nothing into the environment of --venv")
    options.add_argument("--update", action="store_true", help="write version and date into data/software.ttl")
    asked = options.parse_args()
    packages = grouped(read(DATA))
    if unknown := set(asked.packages) - {one.slug for one, _ in packages}:
        options.error(f"data/software.ttl has no package {', '.join(sorted(unknown))}")
    packages = [pair for pair in packages if not asked.packages or pair[0].slug in asked.packages]
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    with tempfile.TemporaryDirectory() as folder:
        seen = []
        for found in check(packages, asked.venv or Path(folder), installing=not asked.installed):
            seen += found
            write(found, RESULT, day)
    if asked.update:
        update(seen, DATA, day)
        print("Now run: kgcompare format data/software.ttl", file=sys.stderr)
    for one in seen:
        if one.state != "ok":
            print(f"{one.state}: {one.name} ({one.slug}){': ' if one.note else ''}{one.note}")
    counts = {state: sum(one.state == state for one in seen) for state in ("ok", "deprecated", "gone", "untried")}
    print(", ".join(f"{number} {state}" for state, number in counts.items()))
    return 1 if counts["gone"] or counts["deprecated"] else 0


if __name__ == "__main__":
    sys.exit(main())
