"""Tables in Markdown, and their place in a document."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table; the first column is text, the others are figures."""
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def geometric_mean(values: Iterable[float]) -> float:
    """Take the mean that fits ratios."""
    return float(np.exp(np.mean(np.log(list(values)))))


def replace_between_markers(document: Path, name: str, text: str) -> None:
    """Put a text between ``<!-- NAME -->`` and ``<!-- /NAME -->`` in a document."""
    before = document.read_text()
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(before):
        raise SystemExit(f"{document.name} has no place for {name}")
    document.write_text(pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", before))
