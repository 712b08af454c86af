"""Palettes as other programs keep them: from bytes to colours and back."""

from kmcli.palette_files.color_text import parse_colors
from kmcli.palette_files.formats import (
    WRITTEN_SUFFIXES,
    decode_palette,
    encode_palette,
    lost_alpha,
    palette_of_list,
)

__all__ = [
    "WRITTEN_SUFFIXES",
    "decode_palette",
    "encode_palette",
    "lost_alpha",
    "palette_of_list",
    "parse_colors",
]
