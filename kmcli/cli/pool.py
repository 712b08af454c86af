"""Work done by several processes, with the results in the order of the jobs.

The processes only compute; reading the results, writing files and telling about them is left to
the one that started them. So a worker can be lost at any time, and nothing but its job with it.
"""

import contextlib
import functools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

from kmcli.errors import KmcliError, LimitError

Task = TypeVar("Task")
Result = TypeVar("Result")

_LOOK_AHEAD = 2
"""Jobs in hand for each worker: none waits for work, and few results wait to be used."""

_DEADLY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PRELOADED = ["sklearn.cluster", "kmcli.quantize", "kmcli.image_io"]


def n_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task], n_workers: int
) -> Generator[Result | KmcliError]:
    """Do tasks, several at once, and give their results one after the other.

    To close the generator early ends the processes.

    Parameters
    ----------
    work : callable
        Does one task; it has to be picklable. It raises `KmcliError` if it cannot.
    tasks : sequence
        What to do.
    n_workers : int
        How many processes to use; with one, or for one task, this very process does the work.

    Yields
    ------
    object or KmcliError
        What came of each task, in their order, or why nothing did.
    """
    attempt = functools.partial(_attempt, work)
    if n_workers == 1 or len(tasks) < 2:
        yield from map(attempt, tasks)
        return
    remaining = deque(tasks)
    n_at_once = min(n_workers, len(tasks))
    while remaining:
        with _started_pool(n_at_once) as pool:
            yield from _drain(pool, attempt, remaining, n_at_once * _LOOK_AHEAD)
        # Whatever is left here was in hand, or behind that, when a worker died. Which of the
        # tasks in hand killed it shows when they are done one by one, each by its own process.
        for _ in range(min(len(remaining), n_at_once * _LOOK_AHEAD)):
            with _started_pool(1) as pool:
                yield _alone(pool, attempt, remaining.popleft())


def _drain(
    pool: ProcessPoolExecutor,
    attempt: Callable[[Task], Result | KmcliError],
    remaining: deque[Task],
    n_ahead: int,
) -> Iterator[Result | KmcliError]:
    """Do tasks until none remains or a worker dies."""
    in_hand: deque[Future[Result | KmcliError]] = deque()
    with contextlib.suppress(BrokenProcessPool):
        while remaining:
            while len(in_hand) < min(n_ahead, len(remaining)):
                in_hand.append(pool.submit(attempt, remaining[len(in_hand)]))
            result = in_hand.popleft().result()
            remaining.popleft()
            yield result


def _alone(
    pool: ProcessPoolExecutor, attempt: Callable[[Task], Result | KmcliError], task: Task
) -> Result | KmcliError:
    try:
        return pool.submit(attempt, task).result()
    except BrokenProcessPool:
        return LimitError("the process that worked on it was killed, perhaps for want of memory")


def _attempt(work: Callable[[Task], Result], task: Task) -> Result | KmcliError:
    try:
        return work(task)
    except KmcliError as error:
        return error
    except MemoryError:
        return LimitError("not enough memory")


@contextlib.contextmanager
def _started_pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    # A server that has imported everything once gives birth to the workers: plain forking is
    # not safe beside threads, and importing anew in each takes longer than a picture.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    deadly = [number for number in _DEADLY if signal.getsignal(number) is not signal.SIG_IGN]
    pool = ProcessPoolExecutor(
        n_workers, mp_context=context, initializer=_start_worker, initargs=(deadly,)
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker(deadly: Sequence[signal.Signals]) -> None:
    """Let a worker die quietly by a signal, and with the process that it works for."""
    for number in _DEADLY:
        signal.signal(number, signal.SIG_DFL if number in deadly else signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
