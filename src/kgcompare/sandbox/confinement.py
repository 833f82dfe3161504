"""What a worker gives up before it reads a stranger's query: memory, processes, files to write, the network.

Source: seccomp(2), BPF of the Linux kernel (Documentation/userspace-api/seccomp_filter.rst); setrlimit(2).
"""

from __future__ import annotations

import ctypes
import platform
import resource
import struct
import sys

_NUMBERS = {
    # socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, clone, fork, vfork, execve, ptrace,
    # execveat, clone3, io_uring_setup, process_vm_readv/writev, kill family, mount, bpf, unshare, setns
    "x86_64": (
        0xC000003E,
        (
            41,
            42,
            43,
            44,
            46,
            49,
            50,
            53,
            56,
            57,
            58,
            59,
            101,
            322,
            435,
            425,
            310,
            311,
            62,
            200,
            234,
            165,
            321,
            272,
            308,
            288,
            307,
            2,
            85,
            82,
            87,
            83,
            84,
            264,
            263,
            258,
            316,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            198,
            203,
            202,
            206,
            211,
            200,
            201,
            199,
            220,
            221,
            117,
            281,
            435,
            425,
            270,
            271,
            129,
            130,
            131,
            40,
            280,
            97,
            268,
            242,
            269,
            38,
            35,
            34,
            276,
        ),
    ),
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
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
    return sys.platform == "linux" and platform.machine() in _NUMBERS


def close_network() -> bool:
    """Refuses sockets, new processes and renaming or removing files from here on, with EPERM; False where it cannot."""
    if not has_seccomp():
        return False
    architecture, refused = _NUMBERS[platform.machine()]
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the number of the call
    ]
    for place, number in enumerate(refused):
        steps.append((_JUMP_EQUAL, len(refused) - place, 0, number))
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(steps), code)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
