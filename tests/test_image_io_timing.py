"""Times of animations come out as they went in, and what a format cannot hold is said."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcli.cli.main import run
from kmcli.image_io import decode_frames, encode_indexed, timing_losses

PALETTE = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
TICKS = st.integers(0, 65535)


def through(durations: Sequence[Any], format_name: Any, n_plays: int = 0) -> tuple[Any, ...]:
    frames = np.arange(len(durations), dtype=np.uint8)[:, np.newaxis, np.newaxis] % 2
    data = encode_indexed(PALETTE, frames, format_name, durations=durations, n_plays=n_plays)
    decoded = decode_frames(data)
    assert decoded.n_plays == n_plays
    return decoded.durations


@settings(max_examples=25)
@given(st.lists(TICKS, min_size=2, max_size=9))
def test_what_a_gif_can_hold_comes_out_as_it_went_in(ticks: list[int]) -> None:
    durations = tuple(10 * number for number in ticks)
    # What is said of 0 and 0.01 s is 0.1 s to browsers, and 0.02 s is not.
    assert through(durations, "gif") == durations
    assert timing_losses(durations, 0, "gif") == []
    assert through(durations, "png") == durations


@settings(max_examples=25)
@given(st.lists(st.tuples(TICKS, st.integers(1, 65535)), min_size=2, max_size=9))
def test_fractions_of_seconds_pass_through_png(pairs: list[tuple[int, int]]) -> None:
    durations = tuple(Fraction(1000 * number, unit) for number, unit in pairs)
    assert through(durations, "png") == durations
    assert timing_losses(durations, 0, "png") == []


@settings(max_examples=25)
@given(st.lists(st.fractions(0, 10**9), min_size=2, max_size=9))
def test_any_time_is_written_as_near_as_a_format_can(durations: list[Fraction]) -> None:
    for format_name, step in (("png", 1000), ("gif", 10)):
        written = through(durations, format_name)
        most = 65535 * step
        for before, after in zip(durations, written, strict=True):
            # GIF makes up for a rounding in the next frame.
            tolerance = max(Fraction(before) / 65535, Fraction(1, 65)) if step == 1000 else 20
            assert abs(min(before, Fraction(most)) - after) <= tolerance


@pytest.mark.parametrize(
    ("durations", "expected", "n_changed"),
    [
        ([33] * 6, [30, 40, 30, 30, 40, 30], 6),  # the sum is 198
        ([Fraction(50, 3)] * 3, [20, 20, 20], 3),  # less would mean 100
        ([14, 24], [20, 20], 2),  # and is not taken from the pause that follows
        ([700_000, 1000, 1000], [655_350, 1000, 1000], 1),
        ([4, 9, 10], [0, 10, 10], 2),
        ([25, 10, 25], [20, 10, 30], 2),  # what is over passes a quick frame by
    ],
)
def test_times_that_gif_cannot_hold_are_told(
    durations: list[Any], expected: list[int], n_changed: int
) -> None:
    assert list(through(durations, "gif")) == expected
    (loss,) = timing_losses(durations, 0, "gif")
    assert f"the times of {n_changed} of {len(durations)} frames are not quite kept" in loss
    assert f"{sum(expected) / 1000:g} s instead of {float(sum(durations)) / 1000:g} s" in loss


def test_too_many_plays_are_told() -> None:
    assert through([50, 50], "gif", 65536) == (50, 50)
    assert timing_losses([50, 50], 65536, "gif") == []
    assert (
        "plays 65536 times, the maximum, instead of 65537"
        in timing_losses([50, 50], 65537, "gif")[0]
    )
    assert timing_losses([50, 50], 65537, "png") == []


@pytest.mark.parametrize(("format_name", "most"), [("gif", 65536), ("png", 2**32 - 1)])
def test_what_is_played_too_often_is_played_as_often_as_can_be(format_name: Any, most: int) -> None:
    frames = np.array([[[0]], [[1]]], dtype=np.uint8)
    data = encode_indexed(PALETTE, frames, format_name, durations=[50, 50], n_plays=most + 1)
    assert decode_frames(data).n_plays == most


def test_the_command_passes_times_through_and_warns(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    frames = np.arange(3, dtype=np.uint8)[:, np.newaxis, np.newaxis] % 2
    durations = (Fraction(50, 3), Fraction(700_000), Fraction(10))
    source, png, gif = (str(tmp_path / name) for name in ("a.png", "b.png", "b.gif"))
    data = encode_indexed(PALETTE, frames, "png", (1000, 2000), durations=durations, n_plays=4)
    Path(source).write_bytes(data)
    assert run(["quantize", source, "-o", png]) == 0
    assert "warning" not in capfd.readouterr().err
    decoded = decode_frames(Path(png).read_bytes())
    assert (decoded.durations, decoded.n_plays) == (durations, 4)
    assert decoded.density == (1000, 2000)
    assert run(["quantize", source, "-o", gif]) == 0
    assert "the times of 2 of 3 frames are not quite kept" in capfd.readouterr().err
    assert decode_frames(Path(gif).read_bytes()).durations == (20, 655_350, 10)
