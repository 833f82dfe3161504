"""What a worker gives up before it reads a stranger's query: memory, processes, files to write, the network.

Source: seccomp(2), BPF of the Linux kernel (Documentation/userspace-api/seccomp_filter.rst); setrlimit(2).
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Machines that there is a filter for, and AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 of linux/audit.h."""
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # the network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    # processes and threads
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "execve": (59, 221),
    "execveat": (322, 281),
    "unshare": (272, 97),
    "setns": (308, 268),
    # other processes
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    # files, as far as they are written, made, named or removed
    "open": (2, None),
    "creat": (85, None),
    "openat2": (437, 437),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    # the system
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
}
"""Calls that are refused whatever their arguments: their numbers on x86_64 and aarch64, None where there is none."""
OPENAT: tuple[int, int] = (257, 56)
"""The call that opens files, on the two; it is refused when they would be written, made or emptied."""
SECCOMP: tuple[int, int] = (317, 277)
"""The call that sets a filter."""
_X32 = 0x40000000
"""Where the numbers of x86_64's second interface begin, which has every call once more."""
_NUMBER, _ARCHITECTURE, _FLAGS = 0, 4, 32
"""Where struct seccomp_data has the call's number, the architecture, and the lower half of the third argument."""
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _FLAG_TSYNC = 38, 1, 1
_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_EPERM = 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def bound(memory: int) -> None:
    """Bounds the address space (bytes), and forbids writing files and core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def has_seccomp() -> bool:
    """Whether this system has the filter: Linux on x86_64 or aarch64."""
    return sys.platform == "linux" and platform.machine() in ARCHITECTURES


def close_network() -> bool:
    """Refuses, with EPERM, :data:`REFUSED` and opening files to write from here on, in all threads that there are.

    Gives False where it cannot.
    """
    if not has_seccomp():
        return False
    machine = platform.machine()
    steps = _steps(machine)
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), code)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    seccomp = SECCOMP[_column(machine)]
    return bool(libc.syscall(seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(program)) == 0)


def _column(machine: str) -> int:
    return list(ARCHITECTURES).index(machine)


def _steps(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter's program: code, steps to skip where true, where false, and operand; it ends refusing or allowing."""
    column = _column(machine)
    numbers = [both[column] for both in REFUSED.values()]
    tests = [(_JUMP_FROM, _X32), *((_JUMP_EQUAL, number) for number in numbers if number is not None)]
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    ending = [
        (_JUMP_EQUAL, 0, 2, OPENAT[column]),
        (_LOAD, 0, 0, _FLAGS),
        (_JUMP_ANY_BIT, 1, 0, writing),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    refusal = len(tests) + len(ending) - 1
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *((test, refusal - place - 1, 0, operand) for place, (test, operand) in enumerate(tests)),
        *ending,
    ]
