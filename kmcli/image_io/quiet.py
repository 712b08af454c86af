"""Keep libraries from writing past us to standard error."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_lock = threading.Lock()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Let what is written to descriptor 2 go nowhere.

    libtiff tells of every oddity by writing there itself, where no Python code can catch it.
    The descriptor belongs to the whole process: keep what runs inside short. What another
    thread writes meanwhile is lost; two threads that come here take turns.
    """
    with _lock:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            kept = os.dup(2)
        except (OSError, ValueError):
            yield  # standard error is closed: there is nothing to keep quiet
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, 2)
            finally:
                os.close(nowhere)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
