"""How long frames are shown: exactly as it was said, or as near as a format can write it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

AnimatedFormat = Literal["png", "gif"]

Milliseconds = int | Fraction
"""Exact: a sixtieth of a second is Fraction(50, 3)."""

_MOST = 65535
"""What both formats can count to."""

_MOST_PLAYS = {"png": 2**32 - 1, "gif": 65536}

_TICK = 10
_QUICK = 10
"""Browsers show a frame of at most so many milliseconds for a hundred. It stays one of these, and
what is longer does not become one."""


def gif_ticks(durations: Sequence[Milliseconds]) -> list[int]:
    """Round times to the hundredths of a second of GIF.

    What rounding adds is taken from the next frame, so that it never adds up; what a bound adds
    or takes is not, as that would make other frames wrong as well.
    """
    ticks = []
    rest = Fraction(0)
    for duration in durations:
        if duration <= _QUICK:
            ticks.append(round(Fraction(duration) / _TICK))
            continue
        wanted = Fraction(duration) / _TICK + rest
        n_ticks = round(wanted)
        held = min(max(n_ticks, 2), _MOST)
        rest = wanted - n_ticks if held == n_ticks else Fraction(0)
        ticks.append(held)
    return ticks


def png_delays(durations: Sequence[Milliseconds]) -> list[Fraction]:
    """Bring times to milliseconds that are a fraction of seconds, of two numbers of 16 bits."""
    delays = []
    for duration in durations:
        seconds = min(Fraction(duration) / 1000, Fraction(_MOST))
        largest = _MOST if seconds <= 1 else int(_MOST / seconds)
        delays.append(1000 * seconds.limit_denominator(largest))
    return delays


def timing_losses(
    durations: Sequence[Milliseconds], n_plays: int, format_name: AnimatedFormat
) -> list[str]:
    """Say what a format cannot hold of the times of an animation, a line each; nothing if all."""
    losses = []
    if format_name == "gif":
        held: list[Fraction] = [Fraction(_TICK * ticks) for ticks in gif_ticks(durations)]
        unit = f"GIF stores hundredths of a second, from 2 to {_MOST}"
    else:
        held = png_delays(durations)
        unit = f"PNG stores fractions of a second with terms up to {_MOST}"
    n_changed = sum(new != old for new, old in zip(held, durations, strict=True))
    if n_changed:
        before, after = float(sum(durations)) / 1000, float(sum(held)) / 1000
        losses.append(
            f"the times of {n_changed} of {len(held)} frames are not quite kept, all together "
            f"{after:g} s instead of {before:g} s: {unit}"
        )
    most = _MOST_PLAYS[format_name]
    if n_plays > most:
        losses.append(f"it plays {most} times, the maximum, instead of {n_plays}")
    return losses


def n_plays_held(n_plays: int, format_name: AnimatedFormat) -> int:
    """Give how often an animation is played in a format."""
    return min(n_plays, _MOST_PLAYS[format_name])
