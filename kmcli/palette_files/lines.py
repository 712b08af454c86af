"""The lines of a text file: taken apart with their numbers, and put together."""

import re
from collections.abc import Iterable, Iterator


def numbered_lines(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Give the lines that are not empty, stripped, with their numbers, counted from 1."""
    # The end of a text as DOS marked it is no part of it.
    lines = re.split(r"\r\n|\r|\n", text.removesuffix("\x1a"))
    for number, line in enumerate(lines[first - 1 :], start=first):
        if line.strip():
            yield number, line.strip()


def joined(lines: Iterable[str], end: str = "\n") -> bytes:
    """Encode lines, each with an end."""
    return "".join(line + end for line in lines).encode()
