"""Which outputs must not be written, found out before any work is done."""

import os
import stat
from collections.abc import Iterable

from kmcli.errors import ExistsError, FolderOutputError, OutputError
from kmcli.files.streams import STREAM, reason


def check_output(
    path: str, *, force: bool, inputs: Iterable[str] = (), make_folders: bool = False
) -> None:
    """Refuse an output that must not be written, before any work is done.

    With `force` an existing file may be replaced, but none of `inputs`; `make_folders` says that
    missing folders will be made. Raises OutputError if the output exists, is an input, is a
    folder or lies in none.
    """
    if path == STREAM:
        return
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        _check_folder(path, make_folders=make_folders)
        if os.path.islink(path) and not force:
            raise ExistsError("already exists, as a broken link", path) from None
        return
    except (OSError, ValueError) as error:
        raise OutputError(reason(error), path) from None
    if stat.S_ISDIR(status.st_mode):
        raise FolderOutputError("is a folder", path)
    if not stat.S_ISREG(status.st_mode):
        return
    if any(_is_same_file(status, name) for name in inputs):
        raise OutputError("is the input; choose another output", path)
    if not force:
        raise ExistsError("exists", path)


def _check_folder(path: str, *, make_folders: bool) -> None:
    """Refuse a new file whose folder is missing or cannot be written."""
    folder = os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path) or "."
    while make_folders and not os.path.lexists(folder):
        folder = os.path.dirname(folder) or "."
    if not os.path.exists(folder):
        raise OutputError("no such folder", path)
    if not os.path.isdir(folder):
        raise OutputError(f"{folder} is a file, not a folder", path)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError("permission denied in its folder", path)


def _is_same_file(status: os.stat_result, name: str) -> bool:
    try:
        return name != STREAM and os.path.samestat(status, os.stat(name))
    except (OSError, ValueError):
        return False
