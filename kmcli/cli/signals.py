"""What has to be put right before a signal ends the process."""

import atexit
import contextlib
import signal
from collections.abc import Callable
from typing import Any

from kmcli.errors import ExitCode
from kmcli.files import answering


def put_right_before_death(
    put_right: Callable[[], None],
) -> contextlib.AbstractContextManager[None]:
    """Have something done when a signal is about to end the process.

    The process still dies by the signal, so that loops in a shell stop. A signal that was ignored
    when the program started (``nohup``) stays ignored, and a second one does not wait.
    """

    def die(number: int, before: Any) -> None:
        signal.signal(number, signal.SIG_DFL)
        put_right()
        signal.signal(number, before)
        signal.raise_signal(number)

    return answering(die)


def die_of_closed_pipe() -> int:
    """End as a program does that knows nothing of SIGPIPE, so that the shell sees it."""
    number = getattr(signal, "SIGPIPE", None)
    if number is None:  # on Windows
        return ExitCode.OUTPUT
    # The signal would skip what modules have to put away at the end: sockets, processes.
    atexit._run_exitfuncs()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
    return 128 + int(number)
