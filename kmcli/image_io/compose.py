"""Frames laid over one another, as a viewer shows them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Disposal(Enum):
    """What becomes of a frame before the next one is drawn."""

    KEEP = "keep"
    CLEAR = "clear"
    RESTORE = "restore"


@dataclass(frozen=True)
class Layer:
    """A picture to be drawn on the canvas; what lies outside is cut off."""

    left: int
    top: int
    pixels: NDArray[np.uint8]  # (height, width, 3 or 4), sRGB with straight alpha
    is_over: bool  # blended over what is there; otherwise it replaces it
    disposal: Disposal  # what becomes of it afterwards


def compose(size: tuple[int, int], layers: Iterable[Layer]) -> Iterator[NDArray[np.uint8]]:
    """Draw layer after layer on a canvas that is transparent at first; `size` is width and height.

    Gives what is seen after each, of shape (height, width, 3 or 4); an array is only valid until
    the next one is asked for.
    """
    width, height = size
    canvas: NDArray[np.uint8] | None = None
    for layer in layers:
        if layer.pixels.shape == (height, width, 3) and layer.disposal is Disposal.KEEP:
            canvas = layer.pixels  # nothing of what was there is left, and nothing is copied
            yield canvas
            continue
        if canvas is None:
            canvas = np.zeros((height, width, 4), np.uint8)
        elif canvas.shape[2] == 3:
            canvas = np.concatenate([canvas, np.full((height, width, 1), 255, np.uint8)], axis=2)
        target = canvas[layer.top :, layer.left :]
        target = target[: layer.pixels.shape[0], : layer.pixels.shape[1]]
        before = target.copy() if layer.disposal is Disposal.RESTORE else None
        _draw(layer.pixels[: target.shape[0], : target.shape[1]], target, layer.is_over)
        yield canvas
        if before is not None:
            target[...] = before
        elif layer.disposal is Disposal.CLEAR:
            target[...] = 0


def _draw(pixels: NDArray[np.uint8], target: NDArray[np.uint8], is_over: bool) -> None:
    if pixels.shape[2] == 3:
        target[..., :3] = pixels
        target[..., 3] = 255
        return
    if not is_over:
        target[...] = pixels
        return
    alpha = pixels[..., 3]
    # Where nothing is there yet, or what comes is opaque, it is taken as it is.
    is_taken = (alpha == 255) | ((target[..., 3] == 0) & (alpha > 0))
    is_mixed = (alpha > 0) & ~is_taken
    if is_mixed.any():
        # PNG specification, third edition, section 13.16.
        new, old = pixels[is_mixed].astype(np.float64), target[is_mixed].astype(np.float64)
        weight_new = new[:, 3:] * 255
        weight_old = (255 - new[:, 3:]) * old[:, 3:]
        total = weight_new + weight_old
        colors = (new[:, :3] * weight_new + old[:, :3] * weight_old) / total
        target[is_mixed] = np.rint(np.hstack([colors, total / 255])).astype(np.uint8)
    target[is_taken] = pixels[is_taken]
