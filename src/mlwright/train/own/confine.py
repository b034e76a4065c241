"""Give up what a process that loads someone's pickle has no need of.

Afterwards it can read files, compute, and answer on the pipe it was given. On Linux a filter of
system calls (seccomp) refuses sockets, new programs and processes, and every way to open a file
for writing or to change one; the filter holds for all threads and cannot be taken off. Elsewhere
only the limits of resources hold, and that is told.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import struct
import sys

MOST_MEMORY = 16 << 30
"""Bytes of addresses: enough for large forests, too little to take a machine down."""

_FILES = 256

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x00050000 | 1, 0x00050000 | 38
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND
_CLONE_THREAD = 0x00010000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _DEATH_SIGNAL, _SIGKILL = 38, 22, 2, 1, 9

# Numbers of system calls: of x86-64, of ARM64. What ARM64 lacks is None.
_REFUSED: dict[str, tuple[int, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "creat": (85, None),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "setns": (308, 268),
    "unshare": (272, 97),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "msgget": (68, 186),
    "semget": (64, 190),
    "shmget": (29, 194),
}
# Those that hide what they are asked for behind a pointer; libraries fall back on the older ones.
_UNKNOWN: dict[str, tuple[int, int | None]] = {
    "openat2": (437, 437),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}
_OPEN: dict[str, tuple[tuple[int, int | None], int]] = {
    "open": ((2, None), 1),
    "openat": ((257, 56), 2),
    "open_by_handle_at": ((304, 265), 2),
}
_CLONE = (56, 220)
_LIMIT = (302, 261)  # prlimit64: asking is allowed, setting is not
_ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def confine() -> dict[str, bool]:
    """Give everything up that can be, for good; return what holds now."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    for kind, most in ((resource.RLIMIT_NOFILE, _FILES), (resource.RLIMIT_AS, MOST_MEMORY)):
        _, hard = resource.getrlimit(kind)
        held = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (held, held))
    filtered = _filter()
    return {"limits": True, "no network": filtered, "no writing": filtered, "no program": filtered}


def _filter() -> bool:
    found = _ARCHES.get(platform.machine())
    if sys.platform != "linux" or found is None:
        return False
    place, arch = found
    program = _program(place, arch)
    library = ctypes.CDLL(None, use_errno=True)
    # Whoever started us is gone: nobody asks any more.
    library.prctl(_DEATH_SIGNAL, _SIGKILL, 0, 0, 0)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    held = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the count of instructions, and where they are.
    told = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(held))
    return not library.prctl(_SECCOMP, _FILTER, ctypes.c_char_p(told), 0, 0)


def _program(place: int, arch: int) -> bytes:
    """Return the filter: which system calls are refused, which are said not to exist."""
    lines = [
        _line(_LOAD, _ARCH),
        _line(_JUMP_EQUAL, arch, 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
    ]
    if place == 0:  # the numbers of the x32 ABI, which would go past all that follows
        lines += [_line(0x35, 0x40000000, 0, 1), _line(_RETURN, _KILL)]
    for numbers, answer in ((_REFUSED, _EPERM), (_UNKNOWN, _ENOSYS)):
        for each in numbers.values():
            if (number := each[place]) is not None:
                lines += [_line(_JUMP_EQUAL, number, 0, 1), _line(_RETURN, answer)]
    for each, argument in _OPEN.values():
        if (number := each[place]) is not None:
            lines += [
                _line(_JUMP_EQUAL, number, 0, 4),
                _line(_LOAD, _ARGUMENTS + 8 * argument),
                _line(_JUMP_SET, _WRITING, 0, 1),
                _line(_RETURN, _EPERM),
                _line(_RETURN, _ALLOW),
            ]
    lines += [
        _line(_JUMP_EQUAL, _LIMIT[place], 0, 4),
        _line(_LOAD, _ARGUMENTS + 8 * 2),
        _line(_JUMP_EQUAL, 0, 1, 0),
        _line(_RETURN, _EPERM),
        _line(_RETURN, _ALLOW),
        _line(_JUMP_EQUAL, _CLONE[place], 0, 4),
        _line(_LOAD, _ARGUMENTS),
        _line(_JUMP_SET, _CLONE_THREAD, 1, 0),
        _line(_RETURN, _EPERM),
        _line(_RETURN, _ALLOW),
        _line(_RETURN, _ALLOW),
    ]
    return b"".join(lines)


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    # struct sock_filter
    return struct.pack("HBBI", code, if_true, if_false, value)
