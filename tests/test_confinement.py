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
import ctypes, os, socket, sys
from kgcompare.sandbox import confinement
held = os.open(sys.argv[1], os.O_RDWR)
assert confinement.close_network()
libc = ctypes.CDLL(None, use_errno=True)
acts = {
    "open to read": (lambda: os.close(os.open(sys.argv[1], os.O_RDONLY)), True),
    "open to write": (lambda: os.open(sys.argv[1], os.O_WRONLY), False),
    "empty": (lambda: os.open(sys.argv[1], os.O_RDONLY | os.O_TRUNC), False),
    "make": (lambda: os.open(sys.argv[1] + "2", os.O_RDONLY | os.O_CREAT), False),
    "truncate": (lambda: os.ftruncate(held, 0), False),
    "link": (lambda: os.link(sys.argv[1], sys.argv[1] + "2"), False),
    "permissions": (lambda: os.chmod(sys.argv[1], 0o777), False),
    "socket": (socket.socket, False),
    "kill": (lambda: os.kill(os.getpid(), 0), False),
}
for name, (act, goes) in acts.items():
    try:
        act()
    except PermissionError:
        assert not goes, name
    else:
        assert goes, name
if os.uname().machine == "x86_64":
    assert libc.syscall(0x40000000 + 41, 2, 1, 0) == -1 and ctypes.get_errno() == 1, "a socket by the x32 interface"
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


def test_one_machine_refuses_what_the_other_does() -> None:
    """ARM64 lacks only calls that there is a newer one for."""
    older = {"fork": "clone", "vfork": "clone", "open": "openat", "creat": "openat", "chown": "fchownat"}
    older |= {"lchown": "fchownat", "mknod": "mknodat", "mkdir": "mkdirat", "rmdir": "unlinkat", "unlink": "unlinkat"}
    older |= {"rename": "renameat", "link": "linkat", "symlink": "symlinkat", "chmod": "fchmodat"}
    older |= {"utime": "utimensat", "utimes": "utimensat", "futimesat": "utimensat"}
    lacking = {name for name, (_, arm) in confinement.REFUSED.items() if arm is None} - {"iopl", "ioperm"}  # ports of Intel's
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
