"""Colours as people write them: ``#c00``, ``204,0,0`` or ``rgb(204 0 0)``, one grammar for all."""

import re

from kmcli.errors import SettingsError
from kmcli.text import quoted

Color = tuple[int, int, int, int]
"""Red, green, blue and straight alpha, each from 0 to 255."""

_NUMBER = r"(?:[0-9]{1,3}|[0-9]{1,3}(?:\.[0-9]{1,9})?%)(?![^\s,;])"
_TRIPLES = "|".join(
    # A fourth number after the same separator makes it unclear where a colour ends.
    rf"{_NUMBER}(?:{separator}{_NUMBER}){{2}}(?!{separator}{_NUMBER})"
    for separator in (r"\s*,\s*", r"\s*;\s*", r"\s+")
)
_UNIT = re.compile(rf"rgba?\([^()]*\)|{_TRIPLES}|[^\s,;]+", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s,;]+")
_CODE = re.compile(r"(#|0[xX])?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_FUNCTION = re.compile(r"rgba?\(([^()]*)\)", re.IGNORECASE)
_CSS_NUMBER = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})(%?)")


def parse_colors(text: str) -> tuple[Color, ...]:
    """Read a list of colours such as ``#fff,#c00``.

    Parameters
    ----------
    text : str
        Colours separated by commas, semicolons or spaces: as in CSS, ``#rgb``, ``#rgba``,
        ``#rrggbb``, ``#rrggbbaa`` (each with or without the ``#``) or ``rgb(204 0 0 / 50%)``; or
        three decimal numbers from 0 to 255, or percentages, with one separator between the
        numbers and another one between colours: ``204,0,0; 255,255,255``.

    Returns
    -------
    tuple of (red, green, blue, alpha)
        Each from 0 to 255.

    Raises
    ------
    SettingsError
        If there is no colour, or if one is invalid or ambiguous.

    Examples
    --------
    >>> import kmcli
    >>> kmcli.parse_colors("#fff, #cc0000")
    ((255, 255, 255, 255), (204, 0, 0, 255))
    >>> kmcli.parse_colors("255,255,255; 204,0,0")
    ((255, 255, 255, 255), (204, 0, 0, 255))
    """
    units = split_units(text)
    if not units:
        raise SettingsError("a list of colours needs at least one, like #c00 or 204,0,0")
    colors = tuple(parse_unit(unit) for unit in units)
    refuse_mixture(units)
    return colors


def split_units(text: str) -> list[str]:
    """Split a text where one colour ends: at separators, but not within three numbers."""
    return _UNIT.findall(text)


def refuse_mixture(units: list[str]) -> None:
    """Raise SettingsError for ``100,200,050`` beside ``fff``: it could be three colours."""
    triple = next((unit for unit in units if is_triple(unit)), None)
    code = next((unit for unit in units if re.fullmatch("[0-9a-fA-F]+", unit)), None)
    if triple and code:
        raise SettingsError(
            f"{quoted(triple)} is decimal and {quoted(code)} hexadecimal; write #{code}"
        )


def parse_unit(unit: str) -> Color:
    """Read what stands for one colour; raise SettingsError if it is none, or could be two."""
    function = _FUNCTION.fullmatch(unit)
    if function:
        return _function(unit, function[1])
    if is_triple(unit):
        words = _SEPARATOR.split(unit)
        red, green, blue = _channels(unit, words if re.fullmatch(_TRIPLES, unit) else [])
        return red, green, blue, 255
    code = _CODE.fullmatch(unit)
    if not code:
        raise SettingsError(f"{quoted(unit)} is not a colour; write it like #c00000 or 192,0,0")
    digits = code[2]
    if not code[1] and len(digits) == 3 and digits.isdecimal() and int(digits) < 256:
        raise SettingsError(
            f"'{digits}' could be #{digits} or one of three decimal numbers; write #{digits}, or "
            "colours like 192,0,0 with ';' between them"
        )
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, alpha


def is_color(unit: str) -> bool:
    """Tell colours from words, and from words like ``fade`` that could be either."""
    is_known = _CODE.fullmatch(unit) or _FUNCTION.fullmatch(unit) or is_triple(unit)
    return bool(is_known) and not unit.isalpha()


def is_triple(unit: str) -> bool:
    """Tell three numbers from a code or a function."""
    return "(" not in unit and len(_SEPARATOR.split(unit)) == 3


def _function(unit: str, arguments: str) -> Color:
    """Read ``rgb()`` of CSS, in its old form with commas and its new one with spaces."""
    words = re.split(r"\s*[,/]\s*|\s+", arguments.strip())
    red, green, blue = _channels(unit, words[:3])
    if len(words) == 3:
        return red, green, blue, 255
    number = _CSS_NUMBER.fullmatch(words[3])
    opacity = float(number[1]) / (100 if number[2] else 1) if number else 2.0
    if opacity > 1 or len(words) > 4:
        raise SettingsError(f"{quoted(unit)} is not a colour: opacity ranges from 0 to 1 or 100%")
    return red, green, blue, _rounded(255 * opacity)


def _channels(unit: str, words: list[str]) -> list[int]:
    """Read three numbers to 255, or three percentages."""
    numbers = [_CSS_NUMBER.fullmatch(word) for word in words]
    found = [(float(number[1]), number[2]) for number in numbers if number]
    top = 100 if found and found[0][1] else 255
    if len(found) != 3 or len({sign for _, sign in found}) > 1 or max(found)[0] > top:
        raise SettingsError(
            f"{quoted(unit)} is not a colour; write three numbers from 0 to 255, or percentages"
        )
    return [_rounded(value * 255 / top) for value, _ in found]


def _rounded(value: float) -> int:
    return int(value + 0.5)  # halves go up, as in browsers
