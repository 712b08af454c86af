"""A batch on the workers of a Dask cluster, which see the same folders as this machine."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic

from kmcli.cli.quantize.pool import Result, Task, run_in_order
from kmcli.errors import InputError, KmcliError

_ONE_AT_A_TIME = threading.Lock()
"""Threads of a worker share its current folder."""


def run_on_scheduler(
    work: Callable[[Task], Result], tasks: Sequence[Task], address: str
) -> Generator[Result | KmcliError]:
    """Do tasks elsewhere, and give their results one after the other, as `run_in_order` does.

    Parameters
    ----------
    work : callable
        Does one task; it has to be picklable. It raises `KmcliError` if it cannot.
    tasks : sequence
        What to do.
    address : str
        Of the Dask scheduler.

    Yields
    ------
    object or KmcliError
        What came of each task, in their order, or why nothing did.
    """
    # Late: Dask takes a second to import.
    from kmcli.cluster.workers import dask_workers

    with dask_workers(address) as workers:
        yield from workers.attempt(_Elsewhere(work, os.getcwd()), tasks)


@dataclass(frozen=True)
class _Elsewhere(Generic[Task, Result]):
    """Does tasks in the folder from which their names count."""

    work: Callable[[Task], Result]
    folder: str

    def __call__(self, task: Task) -> Result | KmcliError:
        with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
            try:
                stack.enter_context(contextlib.chdir(self.folder))
            except OSError:
                return InputError(f"the workers cannot see the folder {self.folder}")
            return next(run_in_order(self.work, [task], 1))
