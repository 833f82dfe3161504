"""What ``export -o`` writes to: plain files, links, devices, pipes, and what it must leave alone."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from conftest import Run
from kgcompare.cli.output import writing_to
from kgcompare.errors import UsageError


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path, data: bytes = b"new") -> None:
    """Writes to a path as a command does."""
    with writing_to(path) as file:
        file.write(data)


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o640


def test_a_file_that_is_there_keeps_its_mode_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("old and longer")
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, 1234, 2345)
    before = path.stat()
    write(path)
    assert path.read_bytes() == b"new"
    assert (mode(path), path.stat().st_uid, path.stat().st_gid) == (0o600, before.st_uid, before.st_gid)
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for target in ("there", "missing"):
        link = tmp_path / f"link to {target}"
        link.symlink_to(tmp_path / "folder" / target)
    (tmp_path / "folder" / "there").write_text("old")
    for target in ("there", "missing"):
        write(tmp_path / f"link to {target}")
        assert (tmp_path / f"link to {target}").is_symlink()
        assert (tmp_path / "folder" / target).read_bytes() == b"new"


def test_a_pipe_is_written_through(tmp_path: Path, run: Run, small_store: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert run("export", "--store", small_store, "-o", pipe).code == 0
    reader.join(30)
    assert got[0].count(b"\n") > 100
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_through(tmp_path: Path, run: Run, small_store: Path) -> None:
    (tmp_path / "link").symlink_to(os.devnull)
    for path in (Path(os.devnull), tmp_path / "link"):
        before = Path(os.devnull).stat()
        assert run("export", "--store", small_store, "-o", path).code == 0
        assert stat.S_ISCHR(path.stat().st_mode)
        assert (before.st_rdev, mode(path)) == (path.stat().st_rdev, stat.S_IMODE(before.st_mode))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk(run: Run, small_store: Path) -> None:
    done = run("export", "--store", small_store, "-o", "/dev/full")
    assert (done.code, done.err) == (2, "kgcompare: /dev/full cannot be written: No space left on device\n")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_folder_is_refused(tmp_path: Path, run: Run, small_store: Path) -> None:
    done = run("export", "--store", small_store, "-o", tmp_path)
    assert (done.code, done.err) == (2, f"kgcompare: {tmp_path} is a folder; name a file\n")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("old")

    def fail() -> None:
        with writing_to(path) as file:
            file.write(b"new")
            raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="there cannot be written: No space left on device"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_to_itself_stays(tmp_path: Path) -> None:
    circle = tmp_path / "circle.nq"
    circle.symlink_to(circle)
    with pytest.raises(UsageError, match="cannot be written: Too many levels"), writing_to(circle):
        pass
    assert circle.is_symlink()
    assert [child.name for child in tmp_path.iterdir()] == ["circle.nq"]
