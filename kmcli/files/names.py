"""Names of files: how they are shown, and how those of outputs are found."""

import os
import sys
import unicodedata
from pathlib import Path

_CASE_COUNTS = sys.platform not in ("win32", "darwin")


def printable(text: str) -> str:
    r"""Escape what could break out of the line or steer a terminal.

    Parameters
    ----------
    text : str
        Such as the name of a file, which may hold anything but ``/`` and NUL.

    Returns
    -------
    str
        Control characters, line separators and marks of direction as ``\x1b`` and the like,
        undecodable bytes as ``\xff``.
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python keeps a byte that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def file_identity(path: str) -> str:
    """Find what all names of one file have in common, whether it exists or not.

    Parameters
    ----------
    path : str
        A name of the file.

    Returns
    -------
    str
        The path without symbolic links; on Windows and macOS, whose file systems take them for
        one, also without regard to case and to how accents are encoded.
    """
    real = os.path.realpath(path)
    if _CASE_COUNTS:
        return real
    return unicodedata.normalize("NFC", real).casefold()


def default_output(source: str, suffix: str, folder: str | None) -> str:
    """Derive the name of an output from that of its input.

    Parameters
    ----------
    source : str
        Path of the input.
    suffix : str
        Takes the place of the extension: ``-k16.png`` makes ``photo-k16.png`` of
        ``photo.jpg``.
    folder : str, optional
        Where the output goes; beside the input if not given.

    Returns
    -------
    str
    """
    name = Path(source).stem + suffix
    return os.path.join(os.path.dirname(source) if folder is None else folder, name)
