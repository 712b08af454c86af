"""Standard error: messages, one line each, and progress; no result depends on them."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

from kmcli.cli.signals import put_right_before_death
from kmcli.files import printable, write_stderr


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
    plain(f"{printable(message)}\n")


def while_waiting(message: str) -> None:
    """Say what takes long and cannot tell how far it is, to who waits at a terminal."""
    if sys.stderr and sys.stderr.isatty():
        say(message)


def plain(text: str) -> None:
    """Write to standard error as it stands; if that fails, the message is lost, no more."""
    write_stderr(text.encode("utf-8", "backslashreplace"))


def _prefixed(message: str, name: str | None) -> str:
    shown = "<stdin>" if name == "-" else name
    return printable(f"{shown}: {message}" if shown else message)


class _Count:
    """Progress that shows only when it is cut short."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.n_done = 0

    def advance(self, name: str) -> None:  # noqa: ARG002 - a bar shows it
        self.n_done += 1

    def interrupted(self) -> None:
        plain(f"kmcli: interrupted after {self.n_done} of {self.total}\n")


class _Bar(_Count):
    def __init__(self, total: int) -> None:
        # Late: importing rich takes as long as quantizing a small picture.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        super().__init__(total)
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
        super().advance(name)
        with _terminal_may_be_gone():
            self.rich.update(self.task, advance=1, description=printable(name))

    def start(self) -> None:
        with _terminal_may_be_gone():
            self.rich.start()

    def stop(self) -> None:
        with _terminal_may_be_gone():
            self.rich.stop()

    def interrupted(self) -> None:
        """Give the terminal its cursor back as well."""
        self.stop()
        super().interrupted()


def _terminal_may_be_gone() -> contextlib.AbstractContextManager[None]:
    # Its window was closed, and the program told to live on: what it shows does not matter.
    return contextlib.suppress(OSError)


@contextlib.contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Progress]:
    """Show a bar for several things to do, if standard error is a terminal.

    A signal that cuts the work short is answered by how far it got.
    """
    if quiet or total < 2:
        yield _Count(total)
        return
    if not (sys.stderr and sys.stderr.isatty()):
        count = _Count(total)
        with put_right_before_death(count.interrupted):
            yield count
        return
    bar = _Bar(total)
    with put_right_before_death(bar.interrupted):
        bar.start()
        try:
            yield bar
        finally:
            bar.stop()
