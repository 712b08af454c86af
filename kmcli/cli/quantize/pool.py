"""Work done by several processes, with the results in the order of the jobs.

The processes only compute; reading the results, writing files and telling about them is left to
the one that started them. So a worker can be lost at any time, and nothing but its job with it.

Why not a library: where one of two workers is killed over one task of eight,
`concurrent.futures.ProcessPoolExecutor` loses all those not done yet and joblib all eight
(`BrokenProcessPool`, `TerminatedWorkerError`), and `multiprocessing.Pool` waits for ever. When the
parent is killed, the workers of the first two live on; joblib's answer Ctrl-C with 90 lines.
"""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from kmcli.cli.quantize import processes
from kmcli.cli.shortage import shortage
from kmcli.errors import KmcliError, LimitError

Task = TypeVar("Task")
Result = TypeVar("Result")

_LOOK_AHEAD = 2
"""Jobs done or in hand for each worker: few results wait for those before them."""


def run_in_order(
    work: Callable[[Task], Result], tasks: Sequence[Task], n_workers: int
) -> Generator[Result | KmcliError]:
    """Do tasks, several at once, and give what came of each in their order, or why nothing did.

    `work` has to be picklable, and raises `KmcliError` if it cannot do a task. With one worker,
    or for one task, this very process does the work, as it does if the system allows no more
    processes. To close the generator early ends the processes.
    """
    if n_workers > 1 and len(tasks) > 1:
        with processes.server(), _started(work, min(n_workers, len(tasks))) as workers:
            if workers:
                yield from _shared(work, tasks, workers)
                return
    for task in tasks:
        yield _attempt(work, task)


class _Worker(Generic[Task, Result]):
    """A process that does one task after the other."""

    def __init__(self, work: Callable[[Task], Result]) -> None:
        self.number: int | None = None
        self.connection, theirs = processes.CONTEXT.Pipe()
        self.process = processes.CONTEXT.Process(
            target=_serve, args=(work, theirs, processes.ignored_signals()), daemon=True
        )
        try:
            processes.start(self.process)
        except (OSError, EOFError) as error:
            self.connection.close()
            raise ChildProcessError(str(error)) from None
        finally:
            theirs.close()  # so that the end of the process is the end of what comes from it

    def give(self, number: int, task: Task) -> None:
        """Have the task of this number done."""
        self.number = number
        with contextlib.suppress(OSError):  # it is dead, and will be found so
            self.connection.send(task)

    def collect(self) -> Result | KmcliError | None:
        """Take what came of the task; None if the process died over it."""
        self.number = None
        try:
            result: Result | KmcliError | Exception = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(result, Exception) and not isinstance(result, KmcliError):
            raise result
        return result

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.connection.close()


@contextlib.contextmanager
def _started(
    work: Callable[[Task], Result], n_workers: int
) -> Iterator[list[_Worker[Task, Result]]]:
    """Start workers, or as many as the system allows, and end them at the end."""
    workers: list[_Worker[Task, Result]] = []
    try:
        with contextlib.suppress(OSError):
            for _ in range(n_workers):
                workers.append(_Worker(work))  # noqa: PERF401 - those before a failure count
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _shared(
    work: Callable[[Task], Result], tasks: Sequence[Task], workers: list[_Worker[Task, Result]]
) -> Iterator[Result | KmcliError]:
    """Share tasks among workers, and give what came of them in their order."""
    done: dict[int, Result | KmcliError] = {}
    n_given = 0
    n_ahead = _LOOK_AHEAD * len(workers)
    for number in range(len(tasks)):
        n_allowed = min(number + n_ahead, len(tasks))
        while number not in done:
            for worker in workers:
                if worker.number is None and n_given < n_allowed:
                    worker.give(n_given, tasks[n_given])
                    n_given += 1
            if not workers:
                done[number] = LimitError("cannot start a worker process for it")
            _collect(work, workers, done)
        yield done.pop(number)


def _collect(
    work: Callable[[Task], Result],
    workers: list[_Worker[Task, Result]],
    done: dict[int, Result | KmcliError],
) -> None:
    """Wait for results, and replace workers that died."""
    busy = {worker.connection: worker for worker in workers if worker.number is not None}
    for connection in wait(list(busy)) if busy else []:
        worker = busy[connection]  # type: ignore[index]  # it is one of those
        number, result = worker.number, worker.collect()
        if result is None:
            worker.end()
            workers.remove(worker)
            with contextlib.suppress(OSError):
                workers.append(_Worker(work))
            result = LimitError("its worker process was killed, possibly for lack of memory")
        if number is not None:
            done[number] = result


def _serve(work: Callable[[Any], Any], tasks: Connection, ignored: Sequence[int]) -> None:
    """Do tasks until there are no more."""
    processes.become_worker(ignored)
    with contextlib.suppress(EOFError, OSError):
        while True:
            task = tasks.recv()
            try:
                result = _attempt(work, task)
            except ImportError as error:
                result = ImportError(str(error))
            except Exception as error:  # noqa: BLE001 - a fault, which the parent has to tell
                result = RuntimeError(f"{type(error).__name__}: {error}")
            tasks.send(result)


def _attempt(work: Callable[[Task], Result], task: Task) -> Result | KmcliError:
    try:
        return work(task)
    except KmcliError as error:
        return error
    except Exception as error:
        message = shortage(error)
        if message is None:
            raise
        return LimitError(message)
