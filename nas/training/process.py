"""What a process that trains sets for itself: memory that stays between two steps, and a bound on it."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# glibc's mallopt (man 3 mallopt): number of a parameter, value.
KEEP = ((-3, 2**30), (-1, 2**31 - 1), (-2, 2**28))  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD


@cache
def keep_memory() -> bool:
    """Ask glibc to keep what is freed, once a process; whether it does.

    Every step asks for the same large blocks; given back to the system they are zeroed page by page each time.
    What it gives is measured in results/training.md.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return all(mallopt(parameter, value) for parameter, value in KEEP)


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Within the block an allocation fails that the machine's free memory cannot hold (on Linux).

    The system promises more than it has, and kills a process that takes it at its word: then no reason is left to tell.
    """
    free = free_memory()
    if free is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = used + free if hard == resource.RLIM_INFINITY else min(used + free, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(soft, most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def free_memory() -> int | None:
    """Bytes that the system could give without swapping; None where it does not say."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
