"""Numbers, counts, lists and foreign texts as people read them."""

import math
from collections.abc import Iterable


def number(value: float, decimals: int = 3) -> str:
    """Write a number with some decimals, or with significant digits where these show nothing.

    Parameters
    ----------
    value : float
        Any number.
    decimals : int
        Decimals of ordinary numbers.

    Returns
    -------
    str
        ``212.006``, and ``3.142e-06`` or ``3.142e+21`` where decimals would show zeros or noise.
    """
    size = abs(value)
    if value == 0 or not math.isfinite(value) or 10.0 ** (1 - decimals) <= size < 1e9:
        return f"{value:,.{decimals}f}".replace(",", "")
    return f"{value:.4g}"


def counted(count: int, noun: str, form: str = "") -> str:
    """Write a number of things.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        The singular; the plural takes an s.
    form : str
        How the number is written, for ``format``.

    Returns
    -------
    str
        ``1 cluster``, ``2 clusters``, or ``96,615 colours`` for the form ``,``.
    """
    return f"{count:{form}} {noun}" if count == 1 else f"{count:{form}} {noun}s"


def listed(items: Iterable[object]) -> str:
    """Write a list.

    Parameters
    ----------
    items : iterable
        At least one item.

    Returns
    -------
    str
        ``0``, ``0 and 2``, ``0, 2 and 3``.
    """
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def shortened(text: str, most: int) -> str:
    """Cut a text.

    Parameters
    ----------
    text : str
        Such as a name from a file, of any length.
    most : int
        Most letters of what is given.

    Returns
    -------
    str
        The text, or its beginning and ``...``.
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def quoted(text: str) -> str:
    """Quote a text in a message, at most so much of it that a line can hold."""
    return repr(shortened(text, 43))
