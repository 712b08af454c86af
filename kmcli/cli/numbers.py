"""Numbers on the command line: the digits 0 to 9 only, and within bounds."""

import math
import re
from typing import Any

import click

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Integer(click.IntRange):
    """A whole number. Unlike Python's `int` it takes no ``1_0`` and no digits like ``٣``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number, or refuse the value."""
        if isinstance(value, str) and not _INTEGER.fullmatch(value):
            self.fail(f"{value!r} is not a whole number of at most 19 digits.", param, ctx)
        number: int = super().convert(value, param, ctx)
        return number


class Decimal(click.FloatRange):
    """A number that may have decimals; no infinity and no NaN."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number, or refuse the value."""
        if isinstance(value, str) and read_decimal(value) is None:
            self.fail(f"{value!r} is not a number.", param, ctx)
        number: float = super().convert(value, param, ctx)
        return number


def read_decimal(text: str) -> float | None:
    """Read one number; None if it is none, or too large for a float."""
    number = float(text) if _DECIMAL.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None
