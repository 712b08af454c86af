"""What one call of ``kmcli quantize`` asks for: typed, and without contradictions."""

import itertools
import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import click

from kmcli.cli.options import OutputOptions
from kmcli.files import STREAM
from kmcli.settings import (
    FORMAT_OF_SUFFIX,
    MAX_COLORS,
    Dither,
    Effort,
    IndexedFormat,
    Order,
    QuantizeSettings,
    Space,
    Target,
    Theme,
)
from kmcli.text import listed

_ENDS: dict[str, IndexedFormat] = {"": "png", **FORMAT_OF_SUFFIX}

_TARGETS = ("min_psnr", "max_delta_e", "max_size")
_DECIDE_COLORS = (
    *("colors", "lock", "order", "effort", "region", "weight_mask", "shared_palette"),
    *_TARGETS,
    "n_init",
)
"""Options that find, choose or order colours, which a given palette leaves nothing to do."""

_MOST_CLOUDS = 12
"""More would make a picture that hardly any program opens."""


@dataclass(frozen=True)
class Request(OutputOptions):
    """The values of all arguments and options, by their names; None where nothing was given."""

    images: tuple[str, ...]
    colors: tuple[int, ...] | None
    output: str | None
    dither: Dither
    preview: bool
    format: IndexedFormat | None
    suffix: str | None
    keep_extension: bool
    compare: bool
    cloud: bool
    theme: Theme
    in_place: bool
    frame: int | None
    optimize: bool
    skip_if_larger: bool
    keep_mtime: bool
    dry_run: bool
    min_psnr: float | None
    max_delta_e: float | None
    max_size: int | None
    effort: Effort
    space: Space
    dither_strength: float | None
    region: tuple[int, int, int, int] | None
    weight_mask: str | None
    palette: str | None
    palette_out: str | None
    lock: tuple[tuple[int, int, int, int], ...]
    order: Order
    recursive: bool
    jobs: int | None
    scheduler: str | None
    shared_palette: bool
    n_init: int | None
    seed: int
    max_pixels: int
    max_input_bytes: int

    @property
    def format_name(self) -> IndexedFormat:
        """The format of outputs that do not replace their inputs."""
        return self.format or _ENDS[_end(self.output)]

    @property
    def target(self) -> Target | None:
        """What decides the number of colours."""
        if (self.min_psnr, self.max_delta_e, self.max_size) == (None, None, None):
            return None
        return Target(self.min_psnr, self.max_delta_e, self.max_size)

    @property
    def n_colors(self) -> tuple[int, ...]:
        """The most colours of each version."""
        if self.colors is not None:
            return self.colors
        return (MAX_COLORS if self.target else QuantizeSettings().n_colors,)

    @property
    def endings(self) -> list[str]:
        """What the default names of the versions end in."""
        if self.suffix is not None:
            names = [self.suffix]
        elif self.palette is not None:
            names = ["-palette"]
        else:
            names = ["-auto"] if self.target else [f"-k{number}" for number in self.n_colors]
        return [f"{name}.{self.format_name}" for name in names]

    @property
    def settings(self) -> tuple[QuantizeSettings, ...]:
        """How to quantize, for each version."""
        return tuple(
            QuantizeSettings(
                n_colors=n_colors,
                space=self.space,
                effort=self.effort,
                locked=self.lock,
                order=self.order,
                dither=self.dither,
                dither_strength=self.dither_strength,
                n_init=self.n_init,
                random_state=self.seed,
            )
            for n_colors in self.n_colors
        )


def check_request(request: Request, given: Collection[str]) -> None:
    """Refuse what makes no sense together, before anything is read.

    `given` names the options that the user gave, even if with their default values.
    """
    refusals = itertools.chain(
        _wrong_names(request, given),
        _wrong_formats(request),
        _wrong_methods(request, given),
        _wrong_palettes(request, given),
    )
    for refusal in refusals:
        raise click.UsageError(refusal)
    _ = request.settings, request.target  # each refuses values that contradict each other
    if request.optimize:
        from kmcli.image_io import check_optimizer

        check_optimizer()


def _wrong_names(request: Request, given: Collection[str]) -> Iterator[str]:
    for image in request.images:
        if image.isascii() and image.isdecimal() and not os.path.lexists(image):
            yield f"no such file: {image}; to set the number of colours, use -k {image}"
    yield from _combined(given, "output", "output_dir", "in_place")
    for change in _written(given, "suffix", "keep_extension"):
        if request.in_place:
            yield f"--in-place keeps file names, but {change} changes them; give only one"
        if request.output is not None:
            yield f"-o sets the whole name, {change} a part of it; give only one"
    if request.in_place and request.frame is not None:
        yield "--in-place with --frame would drop all other frames of an animation; use -o or -d"
    if request.scheduler is not None and request.jobs is not None:
        yield (
            "-j sets the number of local processes, --scheduler uses a Dask cluster; give only one"
        )
    if request.keep_mtime and STREAM in (*request.images, request.output):
        yield "--keep-mtime needs files; a standard stream has no modification time"


def _wrong_formats(request: Request) -> Iterator[str]:
    end, wanted = _end(request.output), request.format
    if wanted is None and end not in _ENDS:
        yield f"cannot write {end}; use .png, .gif or .webp, or give --format for another name"
    if wanted is not None and end and _ENDS.get(end, wanted) != wanted:
        yield f"-o ends in {end}, but --format asks for {wanted}; give only one"
    if wanted is not None and request.in_place:
        yield "--in-place keeps the format, but --format changes it; give only one"
    if request.optimize and request.format_name != "png":
        yield "--optimize recompresses PNGs only"


def _wrong_methods(request: Request, given: Collection[str]) -> Iterator[str]:
    n_versions = len(request.n_colors)
    if not request.cloud and "theme" in given:
        yield "--theme needs --cloud"
    if request.cloud and n_versions > _MOST_CLOUDS:
        yield f"--cloud shows at most {_MOST_CLOUDS} palettes, not {n_versions}"
    if n_versions > 1:
        for name in _written(given, "output", "in_place", "suffix"):
            yield f"{name} names one output, but -k asks for {n_versions}; use -d"
        for target in _written(given, *_TARGETS):
            yield (
                f"{target} chooses the number of colours; with it, give -k only one number, "
                "the maximum"
            )
    if request.dither_strength is not None and request.dither == "none":
        yield "--dither-strength needs --dither floyd-steinberg, bayer or blue-noise"
    yield from _combined(given, "region", "weight_mask", "shared_palette")
    for target in _written(given, *_TARGETS):
        if request.shared_palette:
            yield (
                f"{target} works on single pictures, --shared-palette on all together; "
                "give only one"
            )


def _wrong_palettes(request: Request, given: Collection[str]) -> Iterator[str]:
    if request.palette is not None:
        for name in _written(given, *_DECIDE_COLORS):
            shown = name.replace("--colors", "-k")
            yield f"--palette sets the colours and their order; it cannot be combined with {shown}"
        if request.palette == STREAM and STREAM in request.images:
            yield "standard input can be the palette or a picture, not both"
        if request.palette == STREAM and sys.stdin is not None and sys.stdin.isatty():
            yield "standard input is a terminal; pipe or redirect a palette"
    n_versions = len(request.n_colors)
    if request.palette_out is not None and n_versions > 1:
        yield f"--palette-out writes one palette, but -k asks for {n_versions}; give one number"


def _combined(given: Collection[str], *names: str) -> Iterator[str]:
    options = _written(given, *names)
    if len(options) > 1:
        yield f"{listed(options)} cannot be combined; give only one of them"


def _written(given: Collection[str], *names: str) -> list[str]:
    """List those of some options that the user gave, as they are written."""
    return [f"--{name.replace('_', '-')}" for name in names if name in given]


def _end(output: str | None) -> str:
    return os.path.splitext(output or "")[1].lower()
