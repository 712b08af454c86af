"""Where blocks are worked on: on threads of this machine, or by the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from kmcli.errors import InputError, KmcliError, LimitError, SettingsError
from kmcli.parallel import n_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONNECT_SECONDS = 10
_RETRIES = 1
"""A worker may die; if its work kills a second one, the work is to blame."""


class Workers(Protocol):
    """Whoever works on blocks."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """Do the same to each item, several at once, and give the results in their order."""


class Threads:
    """Work on threads of this process.

    Parameters
    ----------
    n : int, optional
        How many, by default as many as there are cores. As many items are in memory at once.
    """

    def __init__(self, n: int | None = None) -> None:
        self.n = n or n_cores()

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """Do the same to each item; an item is taken when a thread will soon be free for it."""
        if self.n == 1:
            yield from map(work, items)
            return
        with ThreadPoolExecutor(self.n) as threads:
            for job in _in_order(lambda item: threads.submit(work, item), items, self.n):
                yield job.result()


class DaskWorkers:
    """Work by the workers of a running Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected to its scheduler.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """Do the same to each item; two for each thread of a worker are under way at once."""
        for job in self._jobs(work, items):
            yield job.result()

    def attempt(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[Result | KmcliError, None, None]:
        """Do the same to each item, as `map` does, but go on after work that kills workers."""
        import distributed

        for job in self._jobs(work, items):
            try:
                yield job.result()
            except distributed.scheduler.KilledWorker:
                yield LimitError("the workers died, possibly for lack of memory")

    def _jobs(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        n_ahead = 2 * max(1, sum(self.client.nthreads().values()))
        return _in_order(
            lambda item: self.client.submit(work, item, pure=False, retries=_RETRIES),
            items,
            n_ahead,
        )


def _in_order(submit: Callable[[Item], Any], items: Iterable[Item], n_ahead: int) -> Iterator[Any]:
    """Submit items when their turn is near, and give the jobs in order; cancel the rest."""
    jobs: deque[Any] = deque()
    try:
        for item in items:
            jobs.append(submit(item))
            if len(jobs) >= n_ahead:
                yield jobs.popleft()
        while jobs:
            yield jobs.popleft()
    finally:
        for job in jobs:
            job.cancel()


@contextlib.contextmanager
def dask_workers(address: str) -> Iterator[DaskWorkers]:
    """Connect to a Dask scheduler, and let go of it at the end.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Yields
    ------
    DaskWorkers

    Raises
    ------
    SettingsError
        If Dask is not installed, or the workers have another version of kmcli or none.
    InputError
        If no scheduler answers, or it has no workers.
    """
    try:
        import distributed
    except ImportError:
        raise SettingsError(
            "Dask is not installed; install 'kmcli[dask]' or leave out the scheduler"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client: Any = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers: {error}", address) from None
    with client:
        _check_versions(client, address)
        try:
            yield DaskWorkers(client)
        except distributed.scheduler.KilledWorker as error:
            raise LimitError(
                "the workers died, possibly for lack of memory",
                address,
            ) from error
        except (distributed.client.FutureCancelledError, OSError) as error:
            if isinstance(error, KmcliError):
                raise
            raise LimitError(f"lost the connection to the scheduler: {error}", address) from error


def _check_versions(client: Any, address: str) -> None:
    from kmcli import __version__

    try:
        found = client.run(_version)
    except Exception as error:  # noqa: BLE001 - whatever cannot be loaded over there
        raise SettingsError(
            f"the workers of {address} cannot import kmcli ({error}); install it there"
        ) from None
    if not found:
        raise InputError("the Dask scheduler has no workers; start some", address)
    others = sorted({version for version in found.values() if version != __version__})
    if others:
        raise SettingsError(
            f"the workers of {address} run kmcli {others[0]}, but this is {__version__}; "
            "install the same version"
        )


def _version() -> str:
    from kmcli import __version__

    return __version__
