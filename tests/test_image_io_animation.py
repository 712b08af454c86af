"""Animations are read as a viewer shows them, and written so that others see the same."""

import io
import itertools
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, features

from kmcli.errors import InputError, LimitError, SettingsError
from kmcli.image_io import (
    Animation,
    decode_frames,
    decode_image,
    encode_indexed,
)
from kmcli.image_io.compose import Disposal, Layer, compose
from tests.conftest import SAMPLES, Pixels
from tests.hostile import chunk, encode, header, png

CLEAR, RED, LIME, BLUE = (0, 0, 0, 0), (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
COLORS = np.array([CLEAR, RED, LIME, BLUE, (9, 9, 9, 255)], dtype=np.uint8)


def rgba(animation: Animation) -> NDArray[np.uint8]:
    """All frames with alpha, black where nothing is seen."""
    frames = animation.frames
    if frames.shape[3] == 3:
        frames = np.concatenate([frames, np.full_like(frames[..., :1], 255)], axis=3)
    return frames * (frames[..., 3:] > 0)


def by_pillow(data: bytes) -> NDArray[np.uint8]:
    """The frames as another decoder composes them."""
    frames = []
    with Image.open(io.BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGBA")))
    stacked = np.stack(frames)
    return stacked * (stacked[..., 3:] > 0)


def moving_square() -> Pixels:
    frames = np.zeros((5, 20, 30), dtype=np.uint8)
    for number in range(5):
        frames[number, 4 : 10 + number, 5 * number : 5 * number + 8] = 1 + number % 3
    frames[:, :2] = 4
    return frames


@pytest.mark.parametrize("format_name", ["png", "gif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_frames_times_and_plays_are_kept(format_name: Any, channels: int) -> None:
    frames, durations = moving_square(), (100, 50, 30, 900, 60)
    data = encode_indexed(COLORS[:, :channels], frames, format_name, durations=durations, n_plays=3)
    animation = decode_frames(data)
    assert animation.durations == durations
    assert animation.n_plays == 3
    assert animation.warnings == ()
    expected = rgba(Animation(COLORS[:, :channels][frames], (), 0, "", ()))
    np.testing.assert_array_equal(rgba(animation), expected)
    np.testing.assert_array_equal(by_pillow(data), expected)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_frames=st.integers(2, 5),
    n_colors=st.integers(1, 256),
    kind=st.sampled_from(["opaque", "clear", "translucent"]),
    format_name=st.sampled_from(["png", "gif"]),
)
def test_any_frames_come_back(
    seed: int, n_frames: int, n_colors: int, kind: str, format_name: Any
) -> None:
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (n_colors, 4), dtype=np.uint8)
    palette[:, 3] = 255
    if kind != "opaque":
        palette[0] = 0
    if kind == "translucent" and format_name == "png":
        palette[1:, 3] = random.integers(1, 256, n_colors - 1)
    palette = palette[:, :3] if kind == "opaque" else palette
    frames = random.integers(0, n_colors, (n_frames, 6, 9), dtype=np.uint8)
    keeps = random.random((n_frames, 6, 9)) < 0.7
    for number in range(1, n_frames):
        frames[number][keeps[number]] = frames[number - 1][keeps[number]]
    durations = (40,) * n_frames
    data = encode_indexed(palette, frames, format_name, durations=durations, n_plays=0)
    expected = rgba(Animation(palette[frames], (), 0, "", ()))
    np.testing.assert_array_equal(rgba(decode_frames(data)), expected)
    np.testing.assert_array_equal(by_pillow(data), expected)


def test_a_frame_like_the_one_before_is_kept() -> None:
    frames = np.zeros((3, 8, 8), dtype=np.uint8)
    for format_name in ("png", "gif"):
        data = encode_indexed(COLORS, frames, format_name, durations=(50, 20, 30), n_plays=0)
        assert decode_frames(data).durations[1:] == (20, 30)


@pytest.mark.parametrize("n_frames", [1, 2])
@pytest.mark.parametrize("n_colors", [1, 2, 3, 4, 5, 16, 17, 255, 256])
def test_the_table_of_a_gif_is_as_small_as_its_colors_allow(n_colors: int, n_frames: int) -> None:
    palette = np.arange(n_colors, dtype=np.uint8)[:, np.newaxis].repeat(3, axis=1)
    frames = np.zeros((n_frames, 2, 2), dtype=np.uint8)
    data = encode_indexed(palette, frames, "gif", durations=[100] * n_frames)
    # An animation has one more entry where there is room, for what does not change.
    n_entries = min(256, n_colors + (n_frames > 1))
    assert 2 ** (1 + (data[10] & 7)) == next(2**n for n in range(1, 9) if 2**n >= n_entries)


def test_what_does_not_change_costs_little() -> None:
    random = np.random.default_rng(0)
    still = random.integers(1, 5, (100, 100), dtype=np.uint8)
    frames = np.repeat(still[np.newaxis], 10, axis=0)
    for number in range(10):
        frames[number, 10 * number : 10 * number + 5, 40:45] = 1
    for format_name in ("png", "gif"):
        one = len(encode_indexed(COLORS, still, format_name))
        data = encode_indexed(COLORS, frames, format_name, durations=(50,) * 10, n_plays=0)
        assert len(data) < 1.5 * one


def test_times_of_gif_are_rounded_so_that_the_sum_stays_right() -> None:
    frames = np.zeros((30, 2, 2), dtype=np.uint8)
    data = encode_indexed(COLORS, frames, "gif", durations=(33,) * 30, n_plays=0)
    durations = decode_frames(data).durations
    assert set(durations) == {30, 40}
    assert sum(durations) == 990


def test_long_and_short_times_are_kept_by_png() -> None:
    frames = np.zeros((4, 2, 2), dtype=np.uint8)
    data = encode_indexed(COLORS, frames, "png", durations=(0, 1, 65_535, 600_000), n_plays=1)
    assert decode_frames(data).durations == (0, 1, 65_535, 600_000)


def test_an_animation_of_one_frame_is_a_still_as_png() -> None:
    frames = moving_square()[:1]
    still = encode_indexed(COLORS, frames[0], "png")
    assert encode_indexed(COLORS, frames, "png", durations=(50,), n_plays=0) == still


def test_all_frames_have_one_palette() -> None:
    data = encode_indexed(COLORS, moving_square(), "png", durations=(50,) * 5, n_plays=0)
    assert data.count(b"PLTE") == 1
    assert data.count(b"fcTL") == 5
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P"
        assert bytes(image.getpalette() or []) == COLORS[:, :3].tobytes()


def test_gif_refuses_translucent_colors() -> None:
    palette = np.array([[1, 2, 3, 128]], dtype=np.uint8)
    with pytest.raises(InputError, match="translucent"):
        encode_indexed(palette, np.zeros((2, 2), np.uint8), "gif")


@given(n=st.integers(1, 256), width=st.integers(1, 40), kind=st.sampled_from(["gif", "webp"]))
def test_stills_of_other_formats_hold_exactly_the_colors(n: int, width: int, kind: Any) -> None:
    random = np.random.default_rng(n)
    palette = random.integers(0, 256, (n, 4), dtype=np.uint8)
    if kind == "gif":
        palette[:, 3] = np.where(palette[:, 3] < 99, 0, 255)
    indices = random.integers(0, n, (5, width), dtype=np.uint8)
    data = encode_indexed(palette, indices, kind)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == kind.upper()
    shown = palette[indices] * (palette[indices][..., 3:] > 0)
    np.testing.assert_array_equal(by_pillow(data)[0], shown)


def test_webp_says_how_large_a_picture_may_be() -> None:
    with pytest.raises(InputError, match=r"16383 pixels a side, the picture has 20000 x 1"):
        encode_indexed(COLORS, np.zeros((1, 20_000), np.uint8), "webp")


def gif(*frames: Image.Image, **options: Any) -> bytes:
    return encode(frames[0], "GIF", save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_gif_is_composed_as_others_do(disposal: int) -> None:
    frames = []
    for number in range(4):
        frame = Image.new("RGBA", (12, 10))
        frame.paste((60 * number, 200, 9, 255), (2 * number, number, 2 * number + 5, number + 4))
        frames.append(frame)
    data = gif(*frames, disposal=disposal, duration=70, loop=0)
    animation = decode_frames(data)
    np.testing.assert_array_equal(rgba(animation), by_pillow(data))
    assert (animation.n_plays, set(animation.durations)) == (0, {70})


@pytest.mark.parametrize(
    ("disposal", "blend"),
    # Without (2, 1): there Pillow forgets to restore what was there before.
    list(itertools.product([0, 1, 2], [0, 1]))[:-1],
)
def test_apng_is_composed_as_others_do(disposal: int, blend: int) -> None:
    frames = []
    for number in range(4):
        frame = Image.new("RGBA", (12, 10))
        frame.paste((60 * number, 200, 9, 255), (2 * number, number, 2 * number + 5, number + 4))
        frames.append(frame)
    data = encode(
        frames[0],
        "PNG",
        save_all=True,
        append_images=frames[1:],
        duration=70,
        loop=2,
        disposal=disposal,
        blend=blend,
    )
    animation = decode_frames(data)
    np.testing.assert_array_equal(rgba(animation), by_pillow(data))
    assert (animation.n_plays, animation.durations) == (2, (70,) * 4)


def test_disposal_clears_or_restores() -> None:
    def layer(left: int, color: tuple[int, ...], disposal: Disposal) -> Layer:
        pixels = np.full((1, 2, 4), color, dtype=np.uint8)
        return Layer(left, 0, pixels, is_over=True, disposal=disposal)

    layers = [
        layer(0, RED, Disposal.KEEP),
        layer(1, LIME, Disposal.RESTORE),
        layer(2, BLUE, Disposal.CLEAR),
        layer(3, LIME, Disposal.KEEP),  # half of it outside
    ]
    shown = [frame[0].copy().tolist() for frame in compose((4, 1), layers)]
    colors = {tuple(color): name for color, name in zip(COLORS.tolist(), ".RLB", strict=False)}
    rows = ["".join(colors[tuple(pixel)] for pixel in row) for row in shown]
    assert rows == ["RR..", "RLL.", "RRBB", "RR.L"]


def test_translucent_frames_are_blended() -> None:
    below = Image.new("RGBA", (2, 2), (200, 0, 0, 255))
    above = Image.new("RGBA", (2, 2), (0, 0, 200, 128))
    data = encode(below, "PNG", save_all=True, append_images=[above], blend=1)
    shown = decode_frames(data).frames[1]
    assert np.abs(shown[0, 0, :3].astype(int) - [100, 0, 100]).max() <= 1


@pytest.mark.parametrize("format_name", ["WEBP", "AVIF"])
def test_animations_of_other_formats_are_read(format_name: str) -> None:
    if format_name == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    first, *others = [Image.new("RGB", (40, 30), color) for color in colors]
    options = {"lossless": True} if format_name == "WEBP" else {"quality": 95}
    data = encode(first, format_name, save_all=True, append_images=others, duration=80, **options)
    animation = decode_frames(data)
    assert animation.frames.shape == (3, 30, 40, 3)
    assert animation.durations == (80, 80, 80)
    assert np.abs(animation.frames[:, 9, 9].astype(int) - colors).max() < 12


@pytest.mark.parametrize("orientation", [3, 6])
def test_all_frames_are_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    colors = [Image.new("RGB", (6, 4), color) for color in ("red", "lime", "blue")]
    for image in colors:
        image.putpixel((0, 0), (255, 255, 255))
    options: dict[str, Any] = {"append_images": colors[1:], "lossless": True, "exif": exif}
    frames = decode_frames(encode(colors[0], "WEBP", save_all=True, **options)).frames
    assert frames.shape == ((3, 4, 6, 3) if orientation == 3 else (3, 6, 4, 3))
    corner = (3, 5) if orientation == 3 else (0, 3)
    assert (frames[:, *corner] == 255).all()


def gif_by_hand(screen: tuple[int, int], *frames: tuple[int, int, Pixels, bytes]) -> bytes:
    """A GIF of four colours; each frame with its place and its control block."""
    start = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x81, 0, 0)
    parts = [start, COLORS[:4, :3].tobytes()]
    for left, top, indices, control in frames:
        height, width = indices.shape
        pixels = Image.frombytes("P", (width, height), indices.tobytes()).tobytes("gif", "P")
        place = struct.pack("<HHHHB", left, top, width, height, 0)
        parts += [control, b",", place, b"\x08", pixels, b"\0"]
    return b"".join([*parts, b";"])


def test_a_first_frame_that_is_to_vanish_leaves_nothing_behind() -> None:
    # Pillow and ImageMagick keep it; browsers do not, as nothing was there before.
    control = b"!\xf9\x04" + struct.pack("<BHB", 3 << 2, 10, 0) + b"\0"
    whole, part = np.full((2, 2), 1, np.uint8), np.full((1, 1), 2, np.uint8)
    frames = decode_frames(gif_by_hand((2, 2), (0, 0, whole, control), (1, 1, part, b""))).frames
    assert (frames[0] == RED).all()
    assert frames[1, 1, 1].tolist() == list(LIME)
    assert frames[1, ..., 3].sum() == 255


def test_too_many_frames_are_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kmcli.image_io.gif_blocks._MAX_FRAMES", 2)
    dot = (0, 0, np.zeros((1, 1), np.uint8), b"")
    assert decode_image(gif_by_hand((1, 1), dot, dot)).pixels.shape == (1, 1, 3)
    with pytest.raises(LimitError, match="more than 2 frames"):
        decode_image(gif_by_hand((1, 1), dot, dot, dot))


def test_a_control_block_is_for_the_next_frame_only() -> None:
    control = b"!\xf9\x04" + struct.pack("<BHB", 1, 7, 1) + b"\0"  # red is clear, for 70 ms
    red = np.full((1, 1), 1, np.uint8)
    animation = decode_frames(gif_by_hand((1, 1), (0, 0, red, control), (0, 0, red, b"")))
    assert animation.durations == (70, 0)
    assert animation.frames[:, 0, 0, 3].tolist() == [0, 255]


@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_control_block_that_is_too_short_is_passed_over(size: int) -> None:
    body = bytes([size]) + b"\x0d" * size + bytes(size > 0)
    red = np.full((1, 1), 1, np.uint8)
    animation = decode_frames(gif_by_hand((1, 1), (0, 0, red, b"!\xf9" + body)))
    assert animation.durations == (0,)
    assert animation.frames.tolist() == [[[list(RED[:3])]]]


@pytest.mark.parametrize("is_gif", [True, False])
def test_frames_and_canvas_are_held_to_the_limit_when_one_frame_is_taken(is_gif: bool) -> None:
    if is_gif:  # whose second frame is larger than its screen
        dot, large = np.zeros((1, 1), np.uint8), np.zeros((20, 20), np.uint8)
        data = gif_by_hand((1, 1), (0, 0, dot, b""), (0, 0, large, b""))
        assert decode_image(data, 399, frame=1).pixels.shape == (1, 1, 3)
    else:  # whose canvas only the still shows that is no frame
        frame = struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 10, 0, 0)
        data = png(
            header(20, 20),
            chunk(b"acTL", struct.pack(">II", 1, 0)),
            chunk(b"IDAT", zlib.compress(bytes(20 * 61))),
            chunk(b"fcTL", frame),
            chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(bytes(4))),
        )
        assert decode_image(data, 400).pixels.shape == (20, 20, 4)
    with pytest.raises(LimitError):
        decode_image(data, 399, frame=2 if is_gif else 1)


def test_the_screen_holds_the_first_frame_where_it_stands() -> None:
    red = np.full((2, 3), 1, np.uint8)
    decoded = decode_image(gif_by_hand((1, 1), (4, 5, red, b""))).pixels
    assert decoded.shape == (7, 7, 4)
    assert (decoded[5:, 4:] == RED).all()
    assert decoded[..., 3].sum() == red.size * 255


def test_a_frame_of_no_pixels_shows_what_was_there() -> None:
    nothing = b"," + struct.pack("<HHHHB", 0, 0, 0, 0, 0) + b"\x02\x00"
    data = gif_by_hand((2, 2), (0, 0, np.full((2, 2), 1, np.uint8), b""))
    frames = decode_frames(data[:-1] + nothing + b";").frames
    assert frames.tolist() == np.full((2, 2, 2, 3), RED[:3]).tolist()


def test_what_stays_in_place_is_left_out_of_frames_with_holes_where_that_is_smaller() -> None:
    random = np.random.default_rng(0)
    frames = np.repeat(random.integers(1, 5, (1, 60, 60), dtype=np.uint8), 2, axis=0)
    for row, column in ((0, 0), (59, 59)):  # so that all lies within the box
        frames[1, row, column] = 1 + frames[0, row, column] % 4
    for format_name in ("png", "gif"):
        data = encode_indexed(COLORS, frames, format_name, durations=(50, 50), n_plays=0)
        assert len(data) < 1.3 * len(encode_indexed(COLORS, frames[0], format_name))


def test_frames_smaller_than_the_screen_leave_the_rest_empty() -> None:
    small = encode_indexed(COLORS[:, :3], np.ones((2, 2), np.uint8), "gif")
    wide = small[:6] + b"\x05\0\x04\0" + small[10:]
    decoded = decode_image(wide)
    assert decoded.pixels.shape == (4, 5, 4)
    assert decoded.pixels[..., 3].sum() == 4 * 255


def test_one_frame_can_be_taken() -> None:
    data = (SAMPLES / "orbit.webp").read_bytes()
    frames = decode_frames(data).frames
    taken = decode_image(data, frame=7)
    np.testing.assert_array_equal(taken.pixels, frames[6])
    assert taken.warnings == ()
    with pytest.raises(SettingsError, match="no frame 25; the picture has 24"):
        decode_image(data, frame=25)


def test_pages_are_no_frames_but_can_be_taken() -> None:
    pages = [Image.new("RGB", (8 + number, 8), (90 * number, 0, 0)) for number in range(3)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    decoded = decode_frames(data)
    assert decoded.frames.shape == (1, 8, 8, 3)
    assert decoded.warnings == ("using only the first of 3 pages",)
    third = decode_image(data, frame=3)
    assert third.pixels.shape == (8, 10, 3)
    assert third.pixels[0, 0].tolist() == [180, 0, 0]


def test_of_an_icon_the_largest_picture_is_taken() -> None:
    data = encode(Image.new("RGB", (64, 64), "red"), "ICO", sizes=[(16, 16), (64, 64), (32, 32)])
    assert decode_image(data).pixels.shape[:2] == (64, 64)
