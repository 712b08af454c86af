"""Which format an output has, and how it is encoded."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.image_io import Density, Milliseconds

FormatName = Literal["png", "gif", "webp"]

_FORMATS: dict[str, FormatName] = {
    "": "png",
    ".png": "png",
    ".apng": "png",
    ".gif": "gif",
    ".webp": "webp",
}

IN_PLACE: dict[str, FormatName] = {"PNG": "png", "GIF": "gif", "WEBP": "webp"}
"""What replaces a file of a format, by Pillow's name of it."""


@dataclass(frozen=True)
class Timing:
    """How the frames of an animation follow one another.

    Attributes
    ----------
    durations : tuple of int or Fraction
        How long each is shown, in milliseconds.
    n_plays : int
        How often all are played; 0 means for ever.
    """

    durations: "tuple[Milliseconds, ...]"
    n_plays: int


@dataclass(frozen=True)
class Encoding:
    """How outputs are encoded.

    Attributes
    ----------
    format_name : {"png", "gif", "webp"}
        The format.
    optimize : bool
        Whether to recompress PNGs without loss.
    density : tuple of int or None
        Pixels per metre, across and down, of the input.
    """

    format_name: FormatName = "png"
    optimize: bool = False
    density: "Density | None" = None

    def encode(
        self,
        palette: "NDArray[np.uint8]",
        indices: "NDArray[np.uint8]",
        timing: Timing | None = None,
    ) -> bytes:
        """Encode a picture, or frames that stand one below the other.

        Parameters
        ----------
        palette : ndarray of shape (n, 3) or (n, 4), uint8
            The colours.
        indices : ndarray of shape (n_frames * height, width), uint8
            Positions in the palette.
        timing : Timing, optional
            How many frames there are, and how they follow one another; none for a still.

        Returns
        -------
        bytes
        """
        from kmcli.image_io import encode_indexed, encode_indexed_animation, optimize_png

        if timing is None:
            data = encode_indexed(palette, indices, self.format_name, self.density)
        else:
            assert self.format_name != "webp"  # noqa: S101 - refused when it was read
            frames = indices.reshape(len(timing.durations), -1, indices.shape[1])
            data = encode_indexed_animation(
                palette, frames, timing.durations, timing.n_plays, self.format_name, self.density
            )
        return optimize_png(data) if self.optimize and self.format_name == "png" else data


def choose_encoding(output: str | None, *, optimize: bool) -> Encoding:
    """Decide on the format by the name of the output.

    Parameters
    ----------
    output : str or None
        As given by the user; names that are made here are those of PNGs.
    optimize : bool
        Whether to recompress.

    Raises
    ------
    click.UsageError
        If there is no such output, or it cannot be optimised.
    SettingsError
        If what optimises is not installed.
    """
    suffix = os.path.splitext(output or "")[1].lower()
    if suffix not in _FORMATS:
        raise click.UsageError(
            f"-o: {suffix} is not written; the possible ends of a name are .png, .gif and .webp, "
            "and - or a name without an end means PNG"
        )
    encoding = Encoding(_FORMATS[suffix], optimize)
    if optimize:
        if encoding.format_name != "png":
            raise click.UsageError("--optimize recompresses PNGs only")
        from kmcli.image_io import check_optimizer

        check_optimizer()
    return encoding
