"""A quantized picture, and what can be asked of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kmcli.quantize.fidelity import Fidelity, measure_fidelity, measure_mse, psnr_from_mse
from kmcli.quantize.histogram import ColorCounts
from kmcli.quantize.learn import Stage
from kmcli.quantize.palette import Palette


@dataclass(frozen=True)
class QuantizedImage:
    """A picture reduced to a palette.

    Attributes
    ----------
    palette : Palette
        The colours.
    indices : ndarray of shape (height, width) or (n_frames, height, width), uint8
        The palette entry of each pixel.
    n_colors_before : int
        Distinct colours of the original.
    changes : ColorCounts
        The colours of the original; one that became several entries occurs several times.
    entries : ndarray of shape (n,), uint8
        The palette entry that each colour of `changes` became.
    stages : tuple of Stage
        The stages of k-means; none where the palette was not learned, as for an exact copy.
    dither_strength : float
        How strongly the pixels were dithered, 0 to 1; 0 where they were not.
    """

    palette: Palette
    indices: NDArray[np.uint8]
    n_colors_before: int
    changes: ColorCounts
    entries: NDArray[np.uint8]
    stages: tuple[Stage, ...]
    dither_strength: float

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture in full: ndarray of the shape of `indices` and 3 or 4, uint8, sRGB."""
        return self.palette.colors[self.indices]

    @cached_property
    def fidelity(self) -> Fidelity:
        """How far the result is from the original."""
        return measure_fidelity(self.changes, self.palette.colors, self.entries)

    @cached_property
    def psnr(self) -> float | None:
        """The same as in `fidelity`, but computed without the rest of it."""
        return psnr_from_mse(measure_mse(self.changes, self.palette.colors, self.entries))

    def _repr_png_(self) -> bytes:
        """Give a notebook something to show: of an animation, the first frame."""
        from kmcli.image_io import encode_indexed_png  # late: only here is Pillow needed

        shown = self.indices.reshape(-1, *self.indices.shape[-2:])[0]
        return encode_indexed_png(self.palette.colors, shown)
