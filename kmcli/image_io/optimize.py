"""Recompress a PNG without loss by oxipng, the only module that uses it."""

import numpy as np

from kmcli.errors import KmcliError, SettingsError
from kmcli.image_io.decode import decode_frames


def optimize_png(data: bytes) -> bytes:
    """Make a PNG smaller, without changing a pixel; what came in if that cannot be done.

    Raises SettingsError if the extra that does it is not installed, and KmcliError if the pixels
    are not the same: a fault that must not be published.
    """
    check_optimizer()
    import oxipng

    # The palette stays as it is: its order was asked for, and it is what the report shows.
    smaller = oxipng.optimize_from_memory(
        data,
        level=4,
        bit_depth_reduction=False,
        color_type_reduction=False,
        grayscale_reduction=False,
        palette_reduction=False,
    )
    if len(smaller) >= len(data):
        return data
    before, after = decode_frames(data), decode_frames(smaller)
    if not np.array_equal(before.frames, after.frames) or before.durations != after.durations:
        raise KmcliError("the optimised PNG differs from the picture; please report this bug")
    return smaller


def check_optimizer() -> None:
    """Make sure that the optimiser is there, before any work is done."""
    try:
        import oxipng  # noqa: F401
    except ImportError:
        raise SettingsError(
            "oxipng is not installed; run python3 -m pip install 'kmcli[optimize]'"
        ) from None
