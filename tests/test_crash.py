"""Writers that are killed, run out of room, or get in one another's way: nothing torn, nothing acknowledged lost.

A few moments in every run, many with ``KGC_DEEP=1``; the seed is fixed, so a moment that fails can be tried again.
"""

from __future__ import annotations

import http.client
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deep import many
from forking import Forks, forks
from kgcompare import ingest
from kgcompare.errors import InvalidData
from kgcompare.store.embedded import EmbeddedStore
from kgcompare.store.tokens import Tokens
from serving import KGCOMPARE, Server, serving

SEED = 9
HEAD = "@prefix kgc: <https://w3id.org/kgcompare/ns#> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
ALIAS = "http://www.w3.org/2004/02/skos/core#altLabel"
BASE = "https://w3id.org/kgcompare/id/method"


def methods(stem: str, count: int) -> str:
    """Some valid records in Turtle."""
    return HEAD + "".join(
        f'<{BASE}/{stem}-{n}> a kgc:Method ; skos:prefLabel "{stem} {n}"@en ;\n'
        f"    kgc:related <{BASE}/{stem}-{(n + 1) % count}> .\n"
        for n in range(count)
    )


def state(store: Path) -> list[str]:
    """The methods that a store has, as statements without blank nodes; opened anew."""
    snapshot = EmbeddedStore(store).snapshot()
    return sorted(str(quad) for quad in snapshot.quads() if "id/method/" in str(quad.subject))


@pytest.fixture(scope="module")
def before(small_store: Path) -> Path:
    """A store with a few records, to be copied."""
    return small_store


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forks(tmp_path_factory.mktemp("forks")) as one:
        yield one


# -- kill -9 -------------------------------------------------------------------------------------------


def test_an_import_killed_at_any_moment_is_there_whole_or_not_at_all(
    before: Path, tmp_path: Path, forked: Forks
) -> None:
    file, more = tmp_path / "new.ttl", tmp_path / "more.ttl"
    file.write_text(methods("new", 300))
    more.write_text(methods("more", 2))
    arguments = ("import", file, "--trust", "--store")
    old, store = state(before), tmp_path / "store"
    shutil.copytree(before, store)
    whole = forked.command(*arguments, store)
    assert whole.code == 0, whole.err
    new = state(store)
    assert len(new) > len(old) + 600
    chance = random.Random(SEED)
    ends = set()
    for number in range(many(4, 50)):
        shutil.rmtree(store)
        shutil.copytree(before, store)
        moment = chance.random() * whole.seconds * 1.05
        done = forked.command(*arguments, store, most=moment)
        assert done.code in {0, -signal.SIGKILL}, done.err
        now = state(store)
        assert now in (old, new), f"torn by a death after {moment:.3f} s ({number})"
        assert done.code or now == new, "it was acknowledged, and is lost"
        after = forked.command("import", more, "--trust", "--store", store)
        assert after.code == 0, after.err
        assert len(state(store)) == len(now) + 6
        ends.add((done.code, now == new))
    assert (-signal.SIGKILL, False) in ends, "it was killed in time"


# -- no room -------------------------------------------------------------------------------------------

FULL = """
import ctypes, os, shutil, sys
from pathlib import Path
before, file, small, room, place = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5])
libc = ctypes.CDLL(None, use_errno=True)
me = os.getuid(), os.getgid()
spaces = 0x00020000 | (0 if me[0] == 0 else 0x10000000)
if libc.unshare(spaces):
    print("no mount")
    sys.exit(5)
if me[0]:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {me[0]} 1")
    Path("/proc/self/gid_map").write_text(f"0 {me[1]} 1")
libc.mount(None, b"/", None, 0x44000, None)  # what is mounted here is seen here alone
if libc.mount(b"none", str(place).encode(), b"tmpfs", 0, b"size=64m"):
    print("no mount")
    sys.exit(5)
store = place / "store"
shutil.copytree(before, store)
def free():
    stat = os.statvfs(place)
    return stat.f_bavail * stat.f_bsize
def dump():
    from kgcompare.store.embedded import EmbeddedStore
    return sorted(str(quad) for quad in EmbeddedStore(store).snapshot().quads() if "id/method/" in str(quad.subject))
old, at_first = dump(), free()
ballast = place / "ballast"
if room >= 0:
    with ballast.open("wb") as out:
        while (left := free() - room) > 0:
            out.write(bytes(min(left, 1 << 20)))
            out.flush()
from kgcompare import cli
def bring(name):
    try:
        cli.main(["import", name, "--trust", "--store", str(store)])
    except SystemExit as done:
        return done.code
code = bring(file)
least = at_first - free()
if code == 3:
    assert dump() == old, "the old generation is not as it was"
else:
    assert code == 0, code
    assert len(dump()) > len(old) + 600
ballast.unlink(missing_ok=True)
assert bring(small) == 0, "nothing can be written once there is room again"
assert bring(file) == 0
assert len(dump()) > len(old) + 600
print("ended", code, least)
"""


def test_a_full_disk_at_any_offset_leaves_what_was_there(before: Path, tmp_path: Path, forked: Forks) -> None:
    file, more, place = tmp_path / "new.ttl", tmp_path / "more.ttl", tmp_path / "disk"
    file.write_text(methods("new", 300))
    more.write_text(methods("more", 2))
    place.mkdir()
    measured = forked.run(FULL, before, file, more, -1, place)
    if measured.code == 5:
        pytest.skip("no file system can be mounted here")
    assert measured.code == 0, measured.err
    needed = int(measured.out.split()[-1])
    offsets = many(4, 20)
    codes = []
    for number in range(offsets):
        done = forked.run(FULL, before, file, more, int(needed * 1.4 * number / offsets), place)
        assert done.code == 0, (number, done.out, done.err)
        codes.append(done.out.split()[-2])
        if codes[-1] == "3":
            assert "No space left on device" in done.err or "full" in done.err, done.err
            assert "Traceback" not in done.err
    assert "3" in codes


@pytest.mark.parametrize("largest", many((2_000, 30_000, 200_000), tuple(range(2_000, 400_000, 20_000))))
def test_a_file_that_may_not_grow_leaves_what_was_there(
    before: Path, tmp_path: Path, forked: Forks, largest: int
) -> None:
    file, store = tmp_path / "new.ttl", tmp_path / "store"
    file.write_text(methods("new", 300))
    shutil.copytree(before, store)
    old = state(store)
    done = forked.command("import", file, "--trust", "--store", store, largest=largest)
    assert "Traceback" not in done.err
    assert done.code in {0, 1, 3}, done.err
    assert (state(store) == old) == (done.code != 0), done.err
    assert done.code == 0 or len(done.err) > 30
    assert forked.command("import", file, "--trust", "--store", store).code == 0


# -- several writers -----------------------------------------------------------------------------------


def _put(server: Server, token: str, name: str, rounds: int) -> list[tuple[int, str]]:
    """Adds names of one's own to a record that others change too; reads it again where somebody was faster."""
    answers = []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=240)
    for number in range(rounds):
        while True:
            connection.request("GET", "/method/lasso.ttl")
            got = connection.getresponse()
            text, tag = got.read().decode(), got.headers["ETag"]
            said = f'{text}\n<{BASE}/lasso> <{ALIAS}> "{name} {number}"@en .\n'
            headers = {"Authorization": f"Bearer {token}", "If-Match": tag, "Content-Type": "text/turtle"}
            connection.request("PUT", "/method/lasso", said.encode(), headers)
            answer = connection.getresponse()
            answer.read()
            answers.append((answer.status, f"{name} {number}"))
            if answer.status == 200:
                break
    connection.close()
    return answers


def _import(store: Path, folder: Path, name: str, rounds: int) -> list[tuple[int, str]]:
    """Puts a record of all in the place of what others put there, by the command line."""
    answers = []
    for number in range(rounds):
        file = folder / f"{name}-{number}.ttl"
        file.write_text(f'{HEAD}<{BASE}/shared> a kgc:Method ; skos:prefLabel "{name} {number}"@en .\n')
        command = [*KGCOMPARE, "import", str(file), "--replace", "--store", str(store)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert "Traceback" not in done.stderr
        answers.append((done.returncode, f"{name} {number}"))
    return answers


@pytest.mark.slow
def test_eight_writers_over_http_and_the_command_line_take_turns(before: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(before, store)
    token = Tokens(store).add("me")
    rounds = many(1, 4)
    first = int((store / "current").read_text().partition("-")[0])
    with serving(tmp_path, "--store", str(store), "--write-wait", "200") as server, ThreadPoolExecutor(8) as pool:
        putting = [pool.submit(_put, server, token, f"web{n}", rounds) for n in range(4)]
        bringing = [pool.submit(_import, store, tmp_path, f"file{n}", rounds) for n in range(4)]
        put = [answer for one in putting for answer in one.result()]
        brought = [answer for one in bringing for answer in one.result()]
        assert {status for status, _ in put} <= {200, 412, 503}
        shown = server.get("/method/lasso.ttl")[2].decode()
    assert {code for code, _ in brought} == {0}, brought
    there = "\n".join(state(store))
    for status, name in put:
        if status == 200:
            assert f'"{name}"@en' in there, "it was acknowledged, and is lost"
            assert f'"{name}"@en' in shown
    assert sum(f'"{name}"@en' in there for _, name in brought) == 1, "one of those that were put there is there"
    done = sum(status == 200 for status, _ in put) + len(brought)
    assert int((store / "current").read_text().partition("-")[0]) == first + done, "one generation for each of them"


# -- all or nothing ------------------------------------------------------------------------------------


def three_bad(form: str, count: int) -> tuple[str, dict[str, tuple[int, str, str]]]:
    """Many records in a format, three of them bad; of these the line, the path and the value."""
    bad = {count // 9: "nameless", count // 2: "dated", count - 2: "leading"}
    lines = {
        "csv": ["id,name@en,origin-year,domain"],
        "jsonl": [],
        "ttl": [*HEAD.splitlines(), "@prefix d: <http://purl.org/dc/terms/> ."],
        "nt": [],
        "nq": [],
    }[form]
    told: dict[str, tuple[int, str, str]] = {}
    label, kgc = "http://www.w3.org/2004/02/skos/core#prefLabel", "https://w3id.org/kgcompare/ns#"
    subject, nowhere = "http://purl.org/dc/terms/subject", "https://w3id.org/kgcompare/id/domain/nowhere"
    for number in range(count):
        slug = bad.get(number, f"m{number}")
        name = "" if slug == "nameless" else slug
        year, domain = ("soon" if slug == "dated" else "1996"), ("nowhere" if slug == "leading" else "")
        rdf = form in {"ttl", "nt", "nq"}
        if number in bad:
            place = len(lines) + 1 + (slug != "nameless" and rdf and (2 if slug == "dated" else 3))
            path = {"nameless": label, "dated": f"{kgc}origin", "leading": subject}[slug]
            value = {"nameless": "", "dated": "soon", "leading": nowhere if rdf else "nowhere"}[slug]
            told[f"{BASE}/{slug}"] = place, path, value
        if form == "csv":
            lines.append(f"{slug},{name},{year},{domain}")
        elif form == "jsonl":
            lines.append(f'{{"id": "{slug}", "name@en": "{name}", "origin-year": "{year}", "domain": "{domain}"}}')
        else:
            own, end = (f"<{BASE}/{slug}> ", " .") if form != "ttl" else ("    ", " ;")
            edtf = "http://id.loc.gov/datatypes/edtf/EDTF"
            lines.append(f"<{BASE}/{slug}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{kgc}Method>{end}")
            lines.append(f'{own}<{label}> "{name}"@en{end}' if name else f'{own}<{kgc}note> "x"{end}')
            lines.append(f'{own}<{kgc}origin> "{year}"^^<{edtf}>{end if form != "ttl" or domain else " ."}')
            lines += [f"{own}<{subject}> <{nowhere}> ."] if domain else []
    return "\n".join(lines) + "\n", told


@pytest.mark.parametrize("form", ["nt", "nq", "ttl", "csv", "jsonl"])
def test_three_bad_records_keep_all_out_and_are_named(before: Path, tmp_path: Path, form: str) -> None:
    file, store = tmp_path / f"many.{form}", tmp_path / "store"
    text, bad = three_bad(form, 60)
    file.write_text(text)
    shutil.copytree(before, store)
    was = {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}
    with pytest.raises(InvalidData, match="3 faults found; nothing was written") as refused:
        ingest.import_files(store, [file], ingest.Options())
    assert {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()} == was
    told = {fault.focus_node: fault for fault in refused.value.report.violations}
    assert {node: (one.line, one.path, one.value or "") for node, one in told.items()} == bad
    assert all(fault.file == str(file) and len(fault.message) > 20 for fault in told.values())
    report = ingest.import_files(store, [file], ingest.Options(skip_invalid=True))
    assert (report.added, report.left) == (57, 3)
    assert {fault.focus_node for fault in report.validation.faults if fault.severity == "warning"} >= set(bad)
