"""Read what was encoded, and compare it with what was meant, before anybody gets it."""

import contextlib
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from kmcli.errors import InputError, KmcliError
from kmcli.image_io.color_models import strip_rows
from kmcli.image_io.formats import decoding
from kmcli.image_io.frames import open_animation


def read_png_back(data: bytes, palette: NDArray[np.uint8], indices: NDArray[np.uint8]) -> None:
    """Make sure that an indexed PNG holds exactly this palette and these indices."""
    with _reading("PNG", indices.size), Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.load()
        is_same = image.mode == "P" and bytes(image.getpalette() or []) == palette[:, :3].tobytes()
        alpha = palette[:, 3].tobytes() if palette.shape[1] == 4 else b""
        written = image.info.get("transparency", b"")
        is_same = is_same and _alpha(written).rstrip(b"\xff") == alpha.rstrip(b"\xff")
        if not (is_same and _has_indices(image, indices)):
            raise _fault("PNG")


def _alpha(transparency: bytes | int) -> bytes:
    """Undo what Pillow makes of a single transparent entry."""
    return transparency if isinstance(transparency, bytes) else b"\xff" * transparency + b"\0"


def _has_indices(image: Image.Image, indices: NDArray[np.uint8]) -> bool:
    if image.size != indices.shape[::-1]:
        return False
    for top, bottom in strip_rows(*indices.shape):
        strip = np.asarray(image.crop((0, top, image.width, bottom)))
        if not np.array_equal(strip, indices[top:bottom]):
            return False
    return True


def read_frames_back(
    data: bytes, palette: NDArray[np.uint8], frames: NDArray[np.uint8], format_name: str
) -> None:
    """Make sure that an animation shows these frames, one by one."""
    with _reading(format_name, frames.size):
        source = open_animation(data, frames.size, [])
        if source is None or source.n_frames != len(frames):
            raise _fault(format_name)
        for indices, (shown, _) in zip(frames, source.frames(), strict=True):
            expected = palette[indices]
            if expected.shape[2] == 3 or shown.shape[2] == 3:
                is_same = all((alpha[..., 3:] == 255).all() for alpha in (shown, expected))
                is_same = is_same and np.array_equal(shown[..., :3], expected[..., :3])
            else:
                # What is fully transparent has no colour.
                is_seen = expected[..., 3:] > 0
                is_same = np.array_equal(shown * is_seen, expected * is_seen)
                is_same = is_same and np.array_equal(shown[..., 3], expected[..., 3])
            if not is_same:
                raise _fault(format_name)


def read_webp_back(data: bytes, pixels: NDArray[np.uint8]) -> None:
    """Make sure that a WebP holds these pixels."""
    with _reading("WebP", pixels.size), Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
        written = np.asarray(image.convert("RGBA" if pixels.shape[2] == 4 else "RGB"))
        if not np.array_equal(written, pixels):
            raise _fault("WebP")


@contextlib.contextmanager
def _reading(format_name: str, max_pixels: int) -> Iterator[None]:
    """Take what cannot be read for what it is: our fault, not that of the input."""
    try:
        with decoding(max_pixels):
            yield
    except InputError:
        raise _fault(format_name) from None


def _fault(format_name: str) -> KmcliError:
    return KmcliError(f"the encoded {format_name} differs from the picture; please report this bug")
