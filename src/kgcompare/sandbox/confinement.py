"""What a worker gives up before it reads a stranger's query: memory, processes, files to write, the network.

Source: seccomp(2), BPF of the Linux kernel (Documentation/userspace-api/seccomp_filter.rst); setrlimit(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
from enum import StrEnum

from kgcompare.errors import Unavailable

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
    # files, as far as they are written, made, named, locked or removed
    "open": (2, None),
    "creat": (85, None),
    "openat2": (437, 437),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "copy_file_range": (326, 285),
    "sendfile": (40, 71),
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
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
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "flock": (73, 32),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    # other processes and their limits
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "prlimit64": (302, 261),
    "setrlimit": (160, 164),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # the system
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
}
"""Calls that are refused whatever their arguments: their numbers on x86_64 and aarch64, None where there is none."""
OPENAT: tuple[int, int] = (257, 56)
"""The call that opens files, on the two; it is refused when they would be written, made or emptied."""
SECCOMP: tuple[int, int] = (317, 277)
"""The call that sets a filter."""
NEWER = 451
"""From this number on, the same on both, are calls that nobody here knows: for a worker the system has none of them."""
_X32 = 0x40000000
"""Where the numbers of x86_64's second interface begin, which has every call once more."""
_NUMBER, _ARCHITECTURE, _FLAGS = 0, 4, 32
"""Where struct seccomp_data has the call's number, the architecture, and the lower half of the third argument."""
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _FLAG_TSYNC = 38, 1, 1
_LOAD, _JUMP_EQUAL, _JUMP_FROM, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class Lock(StrEnum):
    """What a process cannot do any more."""

    NETWORK = "network"
    WRITING = "writing"
    MEMORY = "memory"


def switched_off() -> Unavailable:
    """What is said where queries would run without a lock on the network and on writing."""
    fault = Unavailable(
        "queries of strangers are off on this server: its system has no lock that keeps them from the network and from "
        "files (it wants Linux with seccomp on x86-64 or ARM64); whoever runs it may allow them with "
        "--unconfined-queries"
    )
    fault.retry_after = 3600
    return fault


def confine(memory: int) -> frozenset[Lock]:
    """Gives up whatever can be given up on this system; says which locks hold. *memory* is in bytes."""
    held = {Lock.MEMORY} if bound(memory) else set()
    return frozenset(held | {Lock.NETWORK, Lock.WRITING} if close_network() else held)


def bound(memory: int) -> bool:
    """Bounds the address space (bytes), and forbids writing files and core dumps.

    Gives False where the system has no such bound of memory; the others are left out where it has none of them.
    """
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    return _limit("RLIMIT_AS", memory)


def _limit(name: str, most: int) -> bool:
    kind = getattr(resource, name, None)
    try:
        if kind is None or (sys.platform == "darwin" and name == "RLIMIT_AS"):  # there, it is not kept
            return False
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    except (OSError, ValueError):
        return False
    return True


def has_seccomp() -> bool:
    """Whether this system has the filter: Linux on x86_64 or aarch64."""
    return sys.platform == "linux" and platform.machine() in ARCHITECTURES


def close_network() -> bool:
    """Refuses, with EPERM, :data:`REFUSED` and opening files to write from here on, in all threads that there are.

    Calls from :data:`NEWER` on are refused as unknown (ENOSYS), so that libraries do without them.

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
        (_JUMP_FROM, 0, 1, NEWER),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_JUMP_EQUAL, 0, 2, OPENAT[column]),
        (_LOAD, 0, 0, _FLAGS),
        (_JUMP_ANY_BIT, 1, 0, writing),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EPERM),
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
