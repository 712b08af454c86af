"""Counting colours loses nothing, whichever way it is done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kmcli.quantize import histogram, lookup, packed
from kmcli.quantize.histogram import count_changes, count_colors, weigh_colors
from kmcli.quantize.lookup import map_colors
from kmcli.quantize.packed import pack_colors, unpack_colors
from tests.conftest import Pixels

pictures = st.integers(3, 4).flatmap(
    lambda channels: hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels)),
        elements=st.sampled_from([0, 1, 127, 254, 255]),
    )
)


def without_hidden_colors(pixels: Pixels) -> Pixels:
    """A copy in which fully transparent pixels are (0, 0, 0, 0)."""
    if pixels.shape[2] == 3:
        return pixels
    return np.where(pixels[..., 3:] == 0, np.uint8(0), pixels)


@given(pictures)
def test_counts_agree_with_numpy_unique(pixels: Pixels) -> None:
    found = count_colors(pixels)
    flat = without_hidden_colors(pixels).reshape(-1, pixels.shape[2])
    colors, counts = np.unique(flat, axis=0, return_counts=True)
    np.testing.assert_array_equal(found.colors, colors)
    np.testing.assert_array_equal(found.counts, counts)
    assert found.n_pixels == pixels.shape[0] * pixels.shape[1]


def test_table_and_sorting_count_alike(china: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_ = count_colors(china)
    monkeypatch.setattr(histogram, "TABLE_PIXELS", 0)
    for module in (histogram, packed):
        monkeypatch.setattr(module, "STRIP_PIXELS", 1000)
    tabled = count_colors(china)
    np.testing.assert_array_equal(tabled.colors, sorted_.colors)
    np.testing.assert_array_equal(tabled.counts, sorted_.counts)
    assert len(tabled.colors) == 96615


@given(pictures)
def test_spreading_a_value_per_color_reaches_every_pixel(pixels: Pixels) -> None:
    found = count_colors(pixels)
    values = (np.arange(len(found.colors)) % 251).astype(np.uint8)
    picture = map_colors(pixels, found.colors, values)
    for index, color in enumerate(found.colors):
        here = (without_hidden_colors(pixels) == color).all(axis=2)
        assert (picture[here] == values[index]).all()


@pytest.mark.parametrize("strip", [100, 2**16])
def test_thousands_of_colors_with_alpha_are_counted_and_found_again(
    strip: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many that some share a slot of the table and have to be searched for.
    for module in (histogram, lookup, packed):
        monkeypatch.setattr(module, "STRIP_PIXELS", strip)
    monkeypatch.setattr(lookup, "_SHARE_PIXELS", {4: 7 * strip + 3})
    pixels = np.random.default_rng(0).integers(0, 256, (99, 101, 4), dtype=np.uint8)
    pixels[:40, :, :2] = 7  # some of them several times
    found = count_colors(pixels)
    flat = without_hidden_colors(pixels).reshape(-1, 4)
    colors, ranks, counts = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(found.colors, colors)
    np.testing.assert_array_equal(found.counts, counts)
    picture = map_colors(pixels, found.colors, np.arange(len(colors)))
    np.testing.assert_array_equal(picture.reshape(-1), ranks.reshape(-1))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("strip", [7, 2**16])
def test_weights_and_changes_are_added_up_as_pixel_by_pixel(
    strip: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (histogram, packed):
        monkeypatch.setattr(module, "STRIP_PIXELS", strip)
    random = np.random.default_rng(0)
    pixels = random.choice(np.array([0, 130, 255], np.uint8), (9, 11, channels))
    indices = random.choice(np.array([0, 1, 255], np.uint8), (9, 11))
    weights = random.integers(0, 2, (9, 11)) * random.random((9, 11))
    weighed: dict[tuple[int, ...], float] = {}
    changed: dict[tuple[int, ...], int] = {}
    flat = without_hidden_colors(pixels).reshape(-1, channels).tolist()
    for color, index, weight in zip(flat, indices.flat, weights.flat, strict=True):
        weighed[tuple(color)] = weighed.get(tuple(color), 0) + weight
        changed[(*color, int(index))] = changed.get((*color, int(index)), 0) + 1
    found = weigh_colors(pixels, count_colors(pixels), weights)
    assert dict(zip(map(tuple, found.colors.tolist()), found.counts, strict=True)) == (
        pytest.approx({color: weight for color, weight in weighed.items() if weight > 0})
    )
    pairs, entries = count_changes(pixels, indices)
    keys = [(*color, entry) for color, entry in zip(pairs.colors.tolist(), entries, strict=True)]
    assert dict(zip(keys, pairs.counts.tolist(), strict=True)) == changed


@given(hnp.arrays(np.uint8, (20, 3)))
def test_packing_can_be_undone(colors: Pixels) -> None:
    np.testing.assert_array_equal(unpack_colors(pack_colors(colors), 3), colors)
