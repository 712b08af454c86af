"""Bytes to arrays and back: the only user of Pillow's file formats."""

from kmcli.image_io.decode import (
    Animation,
    decode_frames,
    decode_grey,
    decode_image,
)
from kmcli.image_io.density import Density
from kmcli.image_io.encode import (
    encode_animation,
    encode_indexed,
    encode_indexed_png,
    index_bit_depth,
    without_translucency,
)
from kmcli.image_io.formats import FramesLeftOut
from kmcli.image_io.optimize import check_optimizer, optimize_png
from kmcli.image_io.own_palette import decode_image_palette
from kmcli.image_io.timing import Milliseconds, timing_losses

__all__ = [
    "Animation",
    "Density",
    "FramesLeftOut",
    "Milliseconds",
    "check_optimizer",
    "decode_frames",
    "decode_grey",
    "decode_image",
    "decode_image_palette",
    "encode_animation",
    "encode_indexed",
    "encode_indexed_png",
    "index_bit_depth",
    "optimize_png",
    "timing_losses",
    "without_translucency",
]
