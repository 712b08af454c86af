"""What needs an extra works with it, and says its name without it."""

import base64
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kmcli.cli.main import run
from kmcli.errors import InputError, SettingsError
from kmcli.image_io import (
    check_optimizer,
    decode_frames,
    decode_image,
    encode_indexed,
    encode_indexed_png,
    optimize_png,
)
from tests.conftest import Pixels
from tests.png import read_indexed_png

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAXxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoAABAAAAAAAAACwAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/GlwcnAAAADcaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34"
    "+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm"
    "4CGgwIAAAAyAAAADAIRiAAEABkQBwXPBiQAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAA"
    "AChjbGFwAAAAEAAAAAEAAAAQAAAAAf///9AAAAAC////0AAAAAIAAAAQcGl4aQAAAAADCAgIAAAAGGlwbWEAAAAA"
    "AAAAAQABBYECAwWEAAAANG1kYXQAAAAoKAGvUhYlJOb86r//k5X/5lSQ8lxEyJUegKRKWy2qgJZabqtQi0tssw=="
)
"""16 x 16 pixels of one red, made for this test."""


def test_heic_is_read() -> None:
    pytest.importorskip("pi_heif")
    decoded = decode_image(HEIC)
    assert decoded.format == "HEIF"
    assert decoded.pixels.shape == (16, 16, 3)
    assert np.abs(decoded.pixels.astype(int) - [200, 30, 40]).max() < 12


def test_broken_heic_is_refused() -> None:
    pytest.importorskip("pi_heif")
    for n_bytes in (20, 200, len(HEIC) - 10):
        with pytest.raises(InputError):
            decode_image(HEIC[:n_bytes])


def test_heic_names_its_extra_if_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(InputError, match=r"pip install 'kmcli\[heif\]'"):
        decode_image(HEIC)


def test_optimizer_names_its_extra_if_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "oxipng", None)
    with pytest.raises(SettingsError, match=r"pip install 'kmcli\[optimize\]'"):
        check_optimizer()


def test_optimizing_in_place_says_what_it_leaves_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("oxipng")
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    for name in ("a.gif", "b.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    arguments = [str(tmp_path / "a.gif"), str(tmp_path / "b.png"), "-k", "4", "--in-place"]
    assert run(["quantize", *arguments, "--optimize"]) == 0
    warnings = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
    assert warnings == [f"kmcli: warning: {tmp_path / 'a.gif'}: --optimize recompresses PNGs only"]


def test_optimizing_keeps_palette_and_pixels_and_is_never_larger(china: Pixels) -> None:
    pytest.importorskip("oxipng")
    grey = np.arange(5, dtype=np.uint8)[:, np.newaxis] * [60, 60, 60]
    palette = grey.astype(np.uint8)  # one that could be written as grey, or sorted otherwise
    indices = (china[..., 1] // 60).astype(np.uint8)
    data = encode_indexed_png(palette, indices)
    smaller = optimize_png(data)
    assert len(smaller) < len(data)
    assert optimize_png(data) == smaller
    assert len(optimize_png(smaller)) <= len(smaller)
    written = read_indexed_png(smaller)
    np.testing.assert_array_equal(written.palette, palette)
    np.testing.assert_array_equal(written.indices, indices)


def test_optimizing_keeps_frames(china: Pixels) -> None:
    pytest.importorskip("oxipng")
    palette = np.arange(15, dtype=np.uint8).reshape(5, 3) * 17
    indices = (china[:60, :80, 1] // 60).astype(np.uint8)
    frames = np.stack([indices, indices[::-1], indices[:, ::-1]])
    data = encode_indexed(palette, frames, "png", durations=(20, 30, 40), n_plays=5)
    before, after = decode_frames(data), decode_frames(optimize_png(data))
    np.testing.assert_array_equal(before.frames, after.frames)
    assert (after.durations, after.n_plays) == ((20, 30, 40), 5)
