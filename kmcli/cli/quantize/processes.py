"""How worker processes are started and end: without a word, and leaving nothing behind."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing import util
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, cast

from kmcli.cli.signals import put_right_before_death
from kmcli.files import DEADLY

_CAN_FORK = hasattr(os, "fork") and sys.platform != "darwin"  # whose libraries do not survive it
_PRELOADED = ["kmcli.quantize", "kmcli.image_io"]

# A server that has imported everything once forks the workers: plain forking is not safe beside
# threads, and importing anew in each takes longer than a picture.
CONTEXT = cast("SpawnContext", multiprocessing.get_context("forkserver" if _CAN_FORK else "spawn"))


@contextlib.contextmanager
def server() -> Iterator[None]:
    """Start what forks the workers, and leave nothing of it behind."""
    if not _CAN_FORK:
        yield
        return
    from multiprocessing import forkserver, resource_tracker  # not for Windows

    folders: list[str] = []
    with put_right_before_death(lambda: _remove(folders)):
        with contextlib.suppress(OSError):  # then no worker will start, which is found out
            folders.append(util.get_temp_dir())  # for a socket; signals would leave it behind
            CONTEXT.set_forkserver_preload(_PRELOADED)
            with _quiet_start():
                resource_tracker.ensure_running()
                forkserver.ensure_running()
        yield


def start(process: SpawnProcess) -> None:
    """Start a worker; raise OSError or EOFError if the system allows no more processes."""
    with contextlib.nullcontext() if _CAN_FORK else _quiet_start():
        process.start()


def ignored_signals() -> list[int]:
    """List the signals that do not end this process, and shall not end its workers."""
    return [number for number in DEADLY if signal.getsignal(number) is signal.SIG_IGN]


def become_worker(ignored: Sequence[int]) -> None:
    """Die quietly by a signal, unless it is ignored, and with the parent."""
    for number in DEADLY:
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
    _mask("SIG_UNBLOCK", DEADLY)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextlib.contextmanager
def _quiet_start() -> Iterator[None]:
    """Start processes that have nothing to say: what they find out, they send.

    Ctrl-C goes to all processes. It must not find one that does not yet know how to die without
    a traceback, so they start with signals blocked, where there is such a thing.
    """
    with _silence():
        before = _mask("SIG_BLOCK", DEADLY)
        try:
            yield
        finally:
            _mask("SIG_SETMASK", before)


def _mask(how: str, numbers: Iterable[Any]) -> Iterable[Any]:
    set_mask = getattr(signal, "pthread_sigmask", None)  # Windows has none
    return set_mask(getattr(signal, how), numbers) if set_mask else ()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    if os.environ.get("KMCLI_DEBUG"):
        yield
        return
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def _remove(folders: Sequence[str]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
