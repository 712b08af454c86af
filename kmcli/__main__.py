"""The process: what has to be set up before anything else is imported, and its end."""

import os
import signal
import sys
import warnings


def main() -> None:
    """Run the command line and end the process with its exit code."""
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

    from kmcli.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
