"""Threads: computations on one, so that the results do not depend on how many there are."""

import contextlib
import functools
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Keep linear algebra on one thread, so that sums are formed in one order."""
    controller = _thread_controller("sklearn.cluster" in sys.modules)
    # On the command line there is but one from the beginning. OpenBLAS, told so again, would set
    # aside room for threads, and end the process if there is none.
    if all(library.num_threads == 1 for library in controller.lib_controllers):
        yield
        return
    with controller.limit(limits=1):
        yield


@functools.cache
def _thread_controller(_with_sklearn: bool) -> Any:
    """Find the libraries that have threads, which takes longer than a small fit.

    Importing scikit-learn loads further ones: then they are looked for again.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
