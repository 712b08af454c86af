"""Numbers, counts, lists and foreign texts as people read them."""

import math
from collections.abc import Iterable


def number(value: float, decimals: int = 3) -> str:
    """Write a number with some decimals, or with significant digits where these show nothing.

    That is ``212.006``, and ``3.142e-06`` or ``3.142e+21`` where decimals would show zeros or
    noise.
    """
    size = abs(value)
    if value == 0 or not math.isfinite(value) or 10.0 ** (1 - decimals) <= size < 1e9:
        return f"{value:,.{decimals}f}".replace(",", "")
    return f"{value:.4g}"


def counted(count: int, noun: str, form: str = "") -> str:
    """Write a number of things: ``1 cluster``, ``2 clusters``, or ``96,615 colours`` by ``,``."""
    return f"{count:{form}} {noun}" if count == 1 else f"{count:{form}} {noun}s"


def share_text(share: float) -> str:
    """Write a share in percent; one that is there is not called ``0.0%``."""
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def listed(items: Iterable[object]) -> str:
    """Write a list of at least one item: ``0``, ``0 and 2``, ``0, 2 and 3``."""
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def shortened(text: str, most: int) -> str:
    """Cut a text, such as a name from a file, to so many letters, the last ones ``...``."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def quoted(text: str) -> str:
    """Quote a text in a message, at most so much of it that a line can hold."""
    return repr(shortened(text, 43))
