"""The calls of the system that a worker cannot make, by name and by number."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kgcompare.sandbox import confinement

HEADERS = (
    Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    Path("/usr/include/asm-generic/unistd.h"),  # those of aarch64
)
CLOSED = """
import ctypes, mmap, os, resource, socket, sys
from kgcompare.sandbox import confinement
file = sys.argv[1]
held, folder = os.open(file, os.O_RDWR), os.open(os.path.dirname(file), os.O_RDONLY)
assert confinement.close_network()
libc = ctypes.CDLL(None, use_errno=True)
column = list(confinement.ARCHITECTURES).index(os.uname().machine)

def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def named(name, *arguments):
    call(confinement.REFUSED[name][column], *arguments)

name, new = file.encode(), (file + "2").encode()
acts = {
    "open to read": (lambda: os.close(os.open(file, os.O_RDONLY)), True),
    "list": (lambda: os.listdir(folder), True),
    "memory": (lambda: mmap.mmap(-1, 4096).close(), True),
    "open to write": (lambda: os.open(file, os.O_WRONLY), False),
    "open to read and write": (lambda: os.open(file, os.O_RDWR), False),
    "append": (lambda: os.open(file, os.O_WRONLY | os.O_APPEND), False),
    "empty": (lambda: os.open(file, os.O_RDONLY | os.O_TRUNC), False),
    "make": (lambda: os.open(file + "2", os.O_RDONLY | os.O_CREAT), False),
    "make without a name": (lambda: os.open(os.path.dirname(file), os.O_TMPFILE | os.O_RDWR), False),
    "make in a folder": (lambda: os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=folder), False),
    "openat2": (lambda: named("openat2", folder, b"new", 0, 0), False),
    "truncate": (lambda: os.ftruncate(held, 0), False),
    "truncate by name": (lambda: os.truncate(file, 0), False),
    "allocate": (lambda: named("fallocate", held, 0, 0, 4096), False),
    "copy": (lambda: os.copy_file_range(held, held, 1), False),
    "send": (lambda: os.sendfile(held, held, 0, 1), False),
    "splice": (lambda: named("splice", held, None, held, None, 1, 0), False),
    "link": (lambda: os.link(file, file + "2"), False),
    "symbolic link": (lambda: os.symlink(file, file + "2"), False),
    "rename": (lambda: os.rename(file, file + "2"), False),
    "remove": (lambda: os.unlink(file), False),
    "folder": (lambda: os.mkdir(file + "2"), False),
    "no folder": (lambda: os.rmdir(os.path.dirname(file)), False),
    "pipe": (lambda: os.mkfifo(file + "2"), False),
    "permissions": (lambda: os.chmod(file, 0o777), False),
    "permissions of a descriptor": (lambda: os.fchmod(held, 0o777), False),
    "owner": (lambda: os.chown(file, -1, -1), False),
    "times": (lambda: os.utime(file), False),
    "attributes": (lambda: os.setxattr(file, "user.a", b"a"), False),
    "no attributes": (lambda: os.removexattr(file, "user.a"), False),
    "lock": (lambda: __import__("fcntl").flock(held, 2), False),
    "file in memory": (lambda: os.memfd_create("a"), False),
    "handle": (lambda: named("name_to_handle_at", folder, name, 0, 0, 0), False),
    "open by handle": (lambda: named("open_by_handle_at", folder, 0, 0), False),
    "socket": (socket.socket, False),
    "socket pair": (socket.socketpair, False),
    "ring": (lambda: named("io_uring_setup", 1, 0), False),
    "kill": (lambda: os.kill(os.getpid(), 0), False),
    "kill by descriptor": (lambda: os.pidfd_open(os.getpid()), False),
    "fork": (os.fork, False),
    "program": (lambda: os.execv("/bin/true", ["true"]), False),
    "another's limits": (lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU), False),
    "another's priority": (lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19), False),
    "memory of another": (lambda: named("process_vm_readv", os.getppid(), 0, 0, 0, 0, 0), False),
    "advice": (lambda: named("process_madvise", 0, 0, 0, 0, 0), False),
    "trace": (lambda: named("ptrace", 0, 0, 0, 0), False),
    "mount": (lambda: named("mount", 0, 0, 0, 0, 0), False),
    "tree": (lambda: named("open_tree", folder, name, 1), False),
    "file system": (lambda: named("fsopen", b"tmpfs", 0), False),
    "mount attributes": (lambda: named("mount_setattr", folder, b"", 0, 0, 0), False),
    "faults": (lambda: named("userfaultfd", 0), False),
    "keys": (lambda: named("keyctl", 0, 0, 0), False),
    "measures": (lambda: named("perf_event_open", 0, 0, 0, 0, 0), False),
}
for what, (act, goes) in acts.items():
    try:
        act()
    except PermissionError as refusal:
        assert not goes, what
    else:
        assert goes, what
for number in (confinement.NEWER + 1, 463, 2000):  # fchmodat2, setxattrat, and one that nobody knows
    try:
        call(number, folder, name, 0o777, 0)
    except OSError as refusal:
        assert refusal.errno == 38, (number, refusal)
    else:
        raise SystemExit(number)
if column == 0:  # by the x32 interface: socket, open, fchmodat2
    for number in (41, 2, 452, 512, 0):
        try:
            call(0x40000000 + number, 2, 1, 0)
        except PermissionError:
            continue
        raise SystemExit(f"x32 {number}")
"""
LEFT_OUT = """
import resource, sys
from kgcompare.sandbox import confinement
if sys.argv[1] == "none":
    del resource.RLIMIT_AS
elif sys.argv[1] == "refused":
    setting = resource.setrlimit
    def refuses(kind, limits):
        if kind == resource.RLIMIT_AS:
            raise ValueError("current limit exceeds maximum limit")
        setting(kind, limits)
    resource.setrlimit = refuses
confinement.has_seccomp = lambda: sys.argv[2] == "seccomp"
sys.stdout.write(" ".join(sorted(confinement.confine(1 << 30))))
"""


def numbers(header: Path) -> dict[str, int]:
    defined = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", header.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: int(number) for name, number in defined}


@pytest.mark.parametrize("column", [0, 1], ids=list(confinement.ARCHITECTURES))
def test_the_numbers_are_the_kernel_s(column: int) -> None:
    if not HEADERS[column].exists():
        pytest.skip(f"there is no {HEADERS[column]}: apt-get install linux-libc-dev")
    kernel = numbers(HEADERS[column])
    calls = confinement.REFUSED | {"openat": confinement.OPENAT, "seccomp": confinement.SECCOMP}
    assert {name: both[column] for name, both in calls.items()} == {name: kernel.get(name) for name in calls}
    assert all(number is None or number < confinement.NEWER for both in calls.values() for number in both)


def test_one_machine_refuses_what_the_other_does() -> None:
    """ARM64 lacks only calls that there is a newer one for."""
    older = {"fork": "clone", "vfork": "clone", "open": "openat", "creat": "openat", "chown": "fchownat"}
    older |= {"lchown": "fchownat", "mknod": "mknodat", "mkdir": "mkdirat", "rmdir": "unlinkat", "unlink": "unlinkat"}
    older |= {"rename": "renameat", "link": "linkat", "symlink": "symlinkat", "chmod": "fchmodat"}
    older |= {"utime": "utimensat", "utimes": "utimensat", "futimesat": "utimensat"}
    lacking = {name for name, (_, arm) in confinement.REFUSED.items() if arm is None} - {
        "iopl",
        "ioperm",
    }  # ports of Intel's
    assert lacking == set(older)
    assert set(older.values()) - {"openat"} <= confinement.REFUSED.keys() - lacking
    assert None not in [intel for intel, _ in confinement.REFUSED.values()]


@pytest.mark.skipif(not confinement.has_seccomp(), reason="no seccomp filter for this system; the README says so")
def test_files_are_read_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept", encoding="ascii")
    done = subprocess.run([sys.executable, "-c", CLOSED, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert file.read_text(encoding="ascii") == "kept"
    assert not file.with_name("file2").exists()


@pytest.mark.parametrize(
    ("memory", "filter_", "holds"),
    [
        ("bounded", "seccomp", "memory network writing"),
        ("none", "seccomp", "network writing"),
        ("refused", "seccomp", "network writing"),
        ("bounded", "no", "memory"),
        ("none", "no", ""),
    ],
)
def test_what_a_system_lacks_is_left_out_and_said(memory: str, filter_: str, holds: str) -> None:
    if filter_ == "seccomp" and not confinement.has_seccomp():
        pytest.skip("no seccomp filter for this system; the README says so")
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OUT, memory, filter_], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, holds), done.stderr
