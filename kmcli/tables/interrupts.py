"""Ctrl-C while tables are worked on."""

import signal
import threading


def leave_interrupts_alone() -> None:
    """Undo what importing polars does to Ctrl-C.

    polars catches SIGINT and hands it on to what Python has set. Where Python has left it to the
    system, which is to end the process or to ignore it, nothing came of it any more (1.36, 2.1).
    """
    as_python_set_it = signal.getsignal(signal.SIGINT)
    is_left_to_the_system = as_python_set_it in (signal.SIG_DFL, signal.SIG_IGN)
    if is_left_to_the_system and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, as_python_set_it)
