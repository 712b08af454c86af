"""The signals that end a program, answered or held back for a while."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

DEADLY: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals by which users, shells and service managers end programs; Windows has two."""


@contextlib.contextmanager
def answering(answer: Callable[[int, Any], None]) -> Iterator[None]:
    """Have a deadly signal answered by a function, except for those that are ignored (``nohup``).

    It is given the number of the signal and the handler that it had before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
        return
    before = {number: signal.getsignal(number) for number in DEADLY}
    before = {
        number: handler for number, handler in before.items() if handler is not signal.SIG_IGN
    }

    def handle(number: int, _frame: FrameType | None) -> None:
        answer(number, before[signal.Signals(number)])

    try:
        for number in before:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_held() -> Iterator[Sequence[int]]:
    """Let the first deadly signal wait until the end; a second one does not wait.

    What is given holds the one that waits, as soon as it comes.
    """
    waiting: list[int] = []

    def hold(number: int, _before: Any) -> None:
        waiting.append(number)
        signal.signal(number, signal.SIG_DFL)

    try:
        with answering(hold):
            yield waiting
    finally:
        if waiting:
            signal.raise_signal(waiting[0])
