"""Colour quantization: a picture's pixels to a palette and indices into it."""

from kmcli.quantize.histogram import ColorCounts, count_colors, merge_counts
from kmcli.quantize.image import QuantizedImage
from kmcli.quantize.pipeline import apply_palette, learn_palette, measure_ssim, quantize_image

__all__ = [
    "ColorCounts",
    "QuantizedImage",
    "apply_palette",
    "count_colors",
    "learn_palette",
    "measure_ssim",
    "merge_counts",
    "quantize_image",
]
