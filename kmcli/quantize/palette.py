"""The palette of a quantized picture: its colours, their counts and their order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.colorspace import srgb_to_oklab
from kmcli.settings import Order

_GREY_CHROMA = 2.0
"""Chroma in Oklab, of at most some 32, below which a hue is no more than noise."""

_LUMINANCE = np.array([2126, 7152, 722])  # Rec. 709, in ten-thousandths: whole, so exact


@dataclass(frozen=True)
class Palette:
    """Colours, and the number of pixels of each.

    Attributes
    ----------
    colors : ndarray of shape (n, 3) or (n, 4), uint8
        sRGB or sRGB with straight alpha; distinct, unless the user gave some of them twice.
    counts : ndarray of shape (n,), int64
        Pixels of each entry. Entries that no pixel uses are in the palette only if they were
        given or locked by the user.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]

    @property
    def hex(self) -> list[str]:
        """The colours as ``#rrggbb``, or ``#rrggbbaa`` where they are not opaque."""
        return [
            "#" + bytes(color[:3] if color[-1] == 255 else color).hex()
            if len(color) == 4
            else "#" + bytes(color).hex()
            for color in self.colors
        ]

    @property
    def n_used(self) -> int:
        """Number of entries that some pixel uses."""
        return int(np.count_nonzero(self.counts))

    @property
    def shares(self) -> NDArray[np.float64]:
        """The share of pixels of each colour, from 0 to 1."""
        shares: NDArray[np.float64] = self.counts / self.counts.sum()
        return shares


def sorting_order(
    colors: NDArray[np.uint8], counts: NDArray[np.int64], order: Order
) -> NDArray[np.intp]:
    """Order distinct colours, those with transparency first, which keeps the tRNS chunk short.

    From dark to light, neighbouring indices mean similar colours, which compresses better: 6 to 7
    % fewer bytes at 16 colours. Or from frequent to rare, or around the circle of hues, beginning
    with the greys. Gives the positions of the colours in that order.
    """
    luminance = colors[:, :3] @ _LUMINANCE
    opaque = colors[:, 3] == 255 if colors.shape[1] == 4 else np.ones(len(colors), dtype=bool)
    keys: dict[Order, NDArray[np.generic]] = {
        "luminance": luminance,
        "share": -counts,
        "hue": _hues(colors),
    }
    # lexsort takes its keys from the last, most important one to the first
    return np.lexsort((*colors.T, luminance, keys[order], opaque))


def _hues(colors: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Angles around the neutral axis of Oklab, in degrees; -1 for what is as good as grey."""
    oklab = srgb_to_oklab(colors[:, :3])
    hues = np.degrees(np.arctan2(oklab[:, 2], oklab[:, 1])) % 360
    is_grey = np.hypot(oklab[:, 1], oklab[:, 2]) < _GREY_CHROMA
    return np.where(is_grey, -1.0, hues)
