"""Names of files: how they are shown, and how those of outputs are found."""

import os
import sys
import unicodedata
from pathlib import Path

_CASE_COUNTS = sys.platform not in ("win32", "darwin")


def printable(text: str) -> str:
    r"""Escape what could break out of the line or steer a terminal.

    Control characters, line separators and marks of direction become ``\x1b`` and the like,
    undecodable bytes ``\xff``.
    """
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python keeps a byte that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()


def file_identity(path: str) -> str:
    """Find what all names of one file have in common, whether it exists or not.

    That is the path without symbolic links; on Windows and macOS, whose file systems take them
    for one, also without regard to case and to how accents are encoded.
    """
    real = os.path.realpath(path)
    if _CASE_COUNTS:
        return real
    return unicodedata.normalize("NFC", real).casefold()


def default_output(source: str, suffix: str, folder: str | None) -> str:
    """Derive the name of an output from that of its input: ``photo-k16.png`` from ``photo.jpg``.

    The suffix takes the place of the extension; without a folder it lies beside the input.
    """
    name = Path(source).stem + suffix
    return os.path.join(os.path.dirname(source) if folder is None else folder, name)
