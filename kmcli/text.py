"""Numbers and counts as people read them."""

import math


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
