"""The process: what has to be set up before anything else is imported, and its end."""

import atexit
import contextlib
import gc
import logging
import os
import signal
import sys
import warnings
from typing import NoReturn


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _secure_standard_streams()
    # Ctrl-C ends the process at once, without a traceback, even while modules are imported.
    # Nothing is lost by it: files.publish() holds signals back while it writes.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A fit runs on one thread; idle ones of the linear algebra would only cost memory.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

    # What libraries warn of is for those who write programs. What the user should know, kmcli
    # finds out itself and says in a line of its own.
    if not os.environ.get("KMCLI_DEBUG"):
        warnings.showwarning = lambda *_args, **_kwargs: None
        # Where nobody has set up logging, this prints: Matplotlib tells of folders by it.
        logging.lastResort = logging.NullHandler()

    # Importing scikit-learn makes some 100,000 objects that stay. To look through them again and
    # again for what can go takes a twentieth of the time of a small picture.
    gc.set_threshold(200_000, 50, 100)

    from kmcli.cli.main import run

    _end(run(sys.argv[1:]))


def _secure_standard_streams() -> None:
    """Open what the shell has closed (``>&-``), before a file takes the free number.

    What is opened refuses to be used, like a closed stream; messages alone go nowhere. (The way
    of GNU's stdopen.)
    """
    for descriptor, unusable in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, unusable)  # takes the lowest free number: this one
            os.set_inheritable(descriptor, True)  # or the workers of a batch have the same problem
    if sys.platform == "win32":
        import msvcrt

        for descriptor in range(3):
            msvcrt.setmode(descriptor, os.O_BINARY)


def _end(code: int) -> NoReturn:
    """End the process at once.

    All is written by now. To take down, piece by piece, what scikit-learn has set up would take
    a sixth of the time of a small picture, and a background import would be waited for.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
