"""Colour quantization: a picture's pixels to a palette and indices into it."""

from kmcli.quantize.pipeline import (
    QuantizedImage,
    apply_palette,
    learn_ordered_palette,
    measure_ssim,
    quantize_image,
    quantize_randomly,
)

__all__ = [
    "QuantizedImage",
    "apply_palette",
    "learn_ordered_palette",
    "measure_ssim",
    "quantize_image",
    "quantize_randomly",
]
