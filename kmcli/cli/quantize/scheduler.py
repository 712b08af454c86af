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
    """Do tasks on the workers of a Dask scheduler, otherwise as `run_in_order` does."""
    # Late: Dask takes a second to import.
    from kmcli.cluster.workers import dask_workers

    with dask_workers(address) as workers:
        yield from workers.attempt(Elsewhere(work, os.getcwd()), tasks)


@dataclass(frozen=True)
class Elsewhere(Generic[Task, Result]):
    """Does tasks in the folder from which their names count."""

    work: Callable[[Task], Result]
    folder: str

    def __call__(self, task: Task) -> Result | KmcliError:
        """Do a task, or say why it cannot be done."""
        with _ONE_AT_A_TIME, contextlib.ExitStack() as stack:
            try:
                stack.enter_context(contextlib.chdir(self.folder))
            except OSError:
                return InputError(f"the workers cannot see the folder {self.folder}")
            return next(run_in_order(self.work, [task], 1))
