"""Independent pieces of work, on all cores at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def n_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Do the same to several items, on threads if there is more than one item; give the results.

    It helps where the time goes into numpy or zlib, which let other threads run meanwhile. The
    order is that of the items, so that results do not depend on the number of cores.
    """
    n_threads = min(len(items), n_cores())
    if n_threads <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(n_threads) as threads:
        return list(threads.map(work, items))


def map_shares(work: Callable[[slice], Result], n_items: int, size: int) -> list[Result]:
    """Do something to an array in shares of so many consecutive items, several at once.

    A share is large enough for its work to take some milliseconds. Shares do not depend on the
    number of cores, so neither does what is summed up over them.
    """
    starts = range(0, n_items, size)
    return map_in_threads(work, [slice(start, min(start + size, n_items)) for start in starts])
