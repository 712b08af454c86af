"""Bytes to arrays and back: the only user of Pillow's file formats."""

from kmcli.image_io.decode import (
    Animation,
    DecodedImage,
    decode_frames,
    decode_grey,
    decode_image,
)
from kmcli.image_io.encode import encode_indexed, encode_indexed_png, png_bit_depth
from kmcli.image_io.encode_animation import encode_animation, encode_indexed_animation
from kmcli.image_io.optimize import optimize_png

__all__ = [
    "Animation",
    "DecodedImage",
    "decode_frames",
    "decode_grey",
    "decode_image",
    "encode_animation",
    "encode_indexed",
    "encode_indexed_animation",
    "encode_indexed_png",
    "optimize_png",
    "png_bit_depth",
]
