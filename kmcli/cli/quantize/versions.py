"""The versions of one picture: quantized in each way that was asked for, and encoded."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.picture import Picture
from kmcli.cli.quantize.request import Request
from kmcli.errors import SettingsError
from kmcli.files import read_input
from kmcli.image_io import decode_grey, encode_indexed, optimize_png
from kmcli.quantize import ColorCounts, QuantizedImage, count_colors
from kmcli.quantize.histogram import ColorWeights, weigh_colors
from kmcli.quantize.learn import random_palette
from kmcli.quantize.pipeline import learn, remap_given, remap_ordered
from kmcli.quantize.targets import Trial, quantize_to_target
from kmcli.settings import QuantizeSettings


@dataclass(frozen=True)
class Version:
    """A picture as it was quantized in one way."""

    picture: Picture
    output: str  # where it goes
    image: QuantizedImage
    settings: QuantizeSettings  # where a target decided, with the number of colours it led to
    trials: tuple[Trial, ...]  # what was tried on the way to a target
    data: bytes  # the file
    is_skipped: bool  # for not being smaller than its input

    @functools.cached_property
    def baseline(self) -> QuantizedImage:
        """The picture with as many random pixels for a palette: what learning has to beat."""
        histogram, settings = self.picture.histogram, self.settings
        drawn = random_palette(histogram, settings.n_colors, settings.random_state)
        return remap_ordered(self.picture.animation.frames, histogram, drawn, settings)


def make_versions(
    picture: Picture, job: Job, request: Request, palettes: Sequence[NDArray[np.uint8]]
) -> list[Version]:
    """Quantize and encode a picture in each way; without palettes it learns its own."""
    encode = functools.partial(encode_picture, picture, request)
    made: list[tuple[QuantizedImage, QuantizeSettings, tuple[Trial, ...]]]
    if palettes:
        made = [
            (remap_given(picture.animation.frames, picture.histogram, palette, each), each, ())
            for palette, each in zip(palettes, request.settings, strict=True)
        ]
    else:
        quantize = _quantizer(picture, request)
        if request.target is not None:
            made = [quantize_to_target(quantize, request.settings[0], request.target, encode)]
        else:
            made = [(quantize(each), each, ()) for each in request.settings]
    versions = []
    for output, (image, settings, trials) in zip(job.outputs, made, strict=True):
        data = encode(image)
        is_skipped = request.skip_if_larger and len(data) >= picture.n_bytes
        versions.append(Version(picture, output, image, settings, trials, data, is_skipped))
    return versions


def encode_picture(picture: Picture, request: Request, image: QuantizedImage) -> bytes:
    """Encode all frames of what was made of a picture."""
    animation, format_name = picture.animation, picture.format_name
    data = encode_indexed(
        image.palette.colors,
        image.indices,
        format_name,
        animation.density,
        durations=animation.durations if picture.n_frames > 1 else (0,),
        n_plays=animation.n_plays,
    )
    return optimize_png(data) if request.optimize and format_name == "png" else data


def _quantizer(picture: Picture, request: Request) -> Callable[[QuantizeSettings], QuantizedImage]:
    """Give what quantizes the picture in one way."""
    frames, histogram = picture.animation.frames, picture.histogram
    if frames.shape[-1] == 3:
        _refuse_translucent(request.lock)
    learn_from = _learn_from(picture, request)

    def quantize(settings: QuantizeSettings) -> QuantizedImage:
        learned = learn(learn_from, settings)
        return remap_ordered(frames, histogram, learned.colors, settings, learned.stages)

    return quantize


def _learn_from(picture: Picture, request: Request) -> ColorCounts | ColorWeights:
    frames = picture.animation.frames
    height, width = frames.shape[1:3]
    if request.region is not None:
        left, top, region_width, region_height = request.region
        if left + region_width > width or top + region_height > height:
            raise SettingsError(
                f"the region {left},{top},{region_width},{region_height} does not lie within "
                f"{width} x {height} pixels"
            )
        return count_colors(frames[:, top : top + region_height, left : left + region_width])
    if request.weight_mask is not None:
        data = read_input(request.weight_mask, request.max_input_bytes)
        grey = decode_grey(data, request.max_pixels)
        if grey.shape != (height, width):
            raise SettingsError(
                f"the mask has {grey.shape[1]} x {grey.shape[0]} pixels, the picture "
                f"{width} x {height}; they must be the same"
            )
        return weigh_colors(frames, picture.histogram, (1.0 + grey) / 256)
    return picture.histogram


def _refuse_translucent(locked: Sequence[tuple[int, int, int, int]]) -> None:
    """Refuse what would not be kept exactly: the palette of an opaque picture is opaque."""
    for *color, alpha in locked:
        if alpha < 255:
            written = "#" + bytes((*color, alpha)).hex()
            raise SettingsError(
                f"the locked colour {written} is not opaque, but the picture is; lock "
                f"{written[:7]} instead"
            )
