"""Standard error: messages, one line each, and progress; no result depends on them."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Protocol


class Progress(Protocol):
    """What a running batch tells about itself."""

    def advance(self, name: str) -> None:
        """Say that the input of this name is finished."""


def error(message: str, name: str | None = None) -> None:
    """Report a problem that ends the work on an input, or the whole run."""
    plain(f"kmcli: error: {_prefixed(message, name)}\n")


def warning(message: str, name: str | None = None) -> None:
    """Report something that the user should know, though the work goes on."""
    plain(f"kmcli: warning: {_prefixed(message, name)}\n")


def say(message: str) -> None:
    """Tell how it went."""
    plain(f"{one_line(message)}\n")


def plain(text: str) -> None:
    """Write to standard error as it stands; if that fails, the message is lost, no more."""
    with contextlib.suppress(OSError, ValueError):
        os.write(2, text.encode("utf-8", "backslashreplace"))


def one_line(text: str) -> str:
    r"""Escape what could break out of the line or steer a terminal.

    Control characters, line separators and marks of direction become ``\x1b`` and the like,
    undecodable bytes of file names ``\udcff``.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _prefixed(message: str, name: str | None) -> str:
    shown = "<stdin>" if name == "-" else name
    return one_line(f"{shown}: {message}" if shown else message)


class _Silent:
    def advance(self, name: str) -> None:
        pass


class _Bar:
    def __init__(self, total: int) -> None:
        # Late: importing rich takes as long as quantizing a small picture.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.total = total
        self.n_done = 0
        self.rich = RichProgress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.rich.add_task("", total=total)

    def advance(self, name: str) -> None:
        self.n_done += 1
        self.rich.update(self.task, advance=1, description=one_line(name))

    def die(self, signal_number: int, _frame: FrameType | None) -> None:
        """Give the terminal its cursor back before the signal does its work."""
        self.rich.stop()
        plain(f"kmcli: interrupted after {self.n_done} of {self.total}\n")
        signal.signal(signal_number, signal.SIG_DFL)
        os.kill(os.getpid(), signal_number)


@contextlib.contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Progress]:
    """Show a bar for several inputs, if standard error is a terminal.

    Parameters
    ----------
    total : int
        Number of inputs.
    quiet : bool
        Whether to show nothing in any case.

    Yields
    ------
    Progress
    """
    if quiet or total < 2 or not (sys.stderr and sys.stderr.isatty()):
        yield _Silent()
        return
    bar = _Bar(total)
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in signals}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, bar.die)
    try:
        with bar.rich:
            yield bar
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
