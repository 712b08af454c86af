"""What has to be put right before a signal ends the process."""

import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

DEADLY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals by which users, shells and service managers end programs."""


@contextlib.contextmanager
def put_right_before_death(put_right: Callable[[], None]) -> Iterator[None]:
    """Have something done when a signal is about to end the process.

    The process still dies by the signal, so that loops in a shell stop. A signal that was
    ignored when the program started (``nohup``) stays ignored, and a second one does not wait.

    Parameters
    ----------
    put_right : callable
        What to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    before = {number: signal.getsignal(number) for number in DEADLY}

    def die(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        put_right()
        signal.signal(number, before[signal.Signals(number)])
        os.kill(os.getpid(), number)

    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, die)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def die_by(number: signal.Signals) -> int:
    """End as a program does that knows nothing of the signal, so that the shell sees it."""
    # The signal would skip what modules have to put away at the end: sockets, processes.
    atexit._run_exitfuncs()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number
