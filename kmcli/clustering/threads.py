"""Threads: computations on one, so that the results do not depend on how many there are."""

import contextlib
import functools
import importlib
import sys
import threading
from collections.abc import Iterator
from typing import Any


def import_in_background() -> None:
    """Begin to import scikit-learn, which takes a second, while other work goes on."""
    threading.Thread(target=importlib.import_module, args=("sklearn.cluster",)).start()


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Keep linear algebra on one thread, so that sums are formed in one order."""
    with _thread_controller("sklearn.cluster" in sys.modules).limit(limits=1):
        yield


@functools.cache
def _thread_controller(_with_sklearn: bool) -> Any:
    """Find the libraries that have threads, which takes longer than a small fit.

    Importing scikit-learn loads further ones: then they are looked for again.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
