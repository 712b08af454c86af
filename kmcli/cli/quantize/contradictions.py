"""Which options of ``kmcli quantize`` make no sense together, and what must not be overwritten."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from kmcli.cli.quantize.jobs import Job
from kmcli.errors import OutputError
from kmcli.files import STREAM

_DECIDE_COLORS = (
    *("colors", "lock", "order", "effort", "region", "weight_mask", "shared_palette"),
    *("min_psnr", "max_delta_e", "max_size"),
    *("init", "n_init", "max_iter", "tol", "algorithm"),
)
"""Options that find, choose or order colours, which a given palette leaves nothing to do."""


def refuse_names(options: dict[str, Any], images: Sequence[str]) -> None:
    """Refuse names of inputs and outputs that make no sense together.

    Parameters
    ----------
    options : dict
        Values by name.
    images : sequence of str
        The pictures.

    Raises
    ------
    click.UsageError
        With the reason.
    """
    for image in images:
        if image.isascii() and image.isdecimal() and not os.path.lexists(image):
            raise click.UsageError(
                f"there is no file {image}; a number of colours is given as -k {image}"
            )
    places = _given(options, "output", "output_dir", "in_place")
    if len(places) > 1:
        raise click.UsageError(
            f"{' and '.join(places)} each say where the output goes: give one of them"
        )
    if options["in_place"] and options["suffix"] is not None:
        raise click.UsageError("--in-place keeps the names, --suffix changes them: give one")
    if options["in_place"] and options["frame"] is not None:
        raise click.UsageError(
            "--in-place with --frame would lose all other frames of an animation: use -o or -d"
        )
    if options["keep_mtime"] and STREAM in (*images, options["output"]):
        raise click.UsageError(
            "--keep-mtime copies the time of a file to a file, and a standard stream has none"
        )
    if options["suffix"] is not None and options["output"] is not None:
        raise click.UsageError("-o gives the whole name, --suffix the end of it: give one")


def refuse_methods(options: dict[str, Any]) -> None:
    """Refuse ways to find the colours that make no sense together.

    Parameters
    ----------
    options : dict
        Values by name.

    Raises
    ------
    click.UsageError
        With the reason.
    """
    n_versions = len(options["colors"] or (0,))
    targets = _given(options, "min_psnr", "max_delta_e", "max_size")
    if n_versions > 1:
        for name in ("output", "in_place", "suffix"):
            if _given(options, name):
                raise click.UsageError(
                    f"{_given(options, name)[0]} names one output, but -k asks for {n_versions}; "
                    "use -d"
                )
        if targets:
            raise click.UsageError(
                f"{targets[0]} decides how many colours there are; with it -k is one number, "
                "the most allowed"
            )
    if options["dither_strength"] is not None and options["dither"] == "none":
        raise click.UsageError(
            "--dither-strength has nothing to weaken without --dither, which takes "
            "floyd-steinberg, bayer or blue-noise"
        )
    sources = _given(options, "region", "weight_mask", "shared_palette")
    if len(sources) > 1:
        raise click.UsageError(
            f"{' and '.join(sources)} each say what the palette is learned from: give one"
        )
    if options["shared_palette"] and targets:
        raise click.UsageError(
            f"{targets[0]} finds the number of colours of one picture, --shared-palette learns "
            "from all: give one"
        )


def refuse_palettes(context: click.Context, options: dict[str, Any], inputs: Sequence[str]) -> None:
    """Refuse options for palettes that make no sense together.

    Parameters
    ----------
    context : click.Context
        Knows which options were given.
    options : dict
        Their values.
    inputs : sequence of str
        The pictures.

    Raises
    ------
    click.UsageError
        With the reason.
    """
    if options["palette"] is not None:
        for name in _DECIDE_COLORS:
            if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
                written = "-k" if name == "colors" else f"--{name.replace('_', '-')}"
                raise click.UsageError(
                    f"--palette gives the colours and their order, which leaves nothing for "
                    f"{written} to decide: give one of them"
                )
        if options["palette"] == STREAM and STREAM in inputs:
            raise click.UsageError("standard input can be the palette or a picture, not both")
        if options["palette"] == STREAM and sys.stdin is not None and sys.stdin.isatty():
            raise click.UsageError("standard input is a terminal: pipe or redirect a palette")
    if options["palette_out"] is not None and len(options["colors"] or (0,)) > 1:
        raise click.UsageError(
            f"--palette-out writes one palette, but -k asks for {len(options['colors'])}: give one"
        )


def refuse_several(options: dict[str, Any], n_inputs: int) -> None:
    """Refuse to write the palettes of several pictures into one file.

    Parameters
    ----------
    options : dict
        Values by name.
    n_inputs : int
        How many pictures there are.

    Raises
    ------
    click.UsageError
        If each of them would have a palette.
    """
    if options["palette_out"] is not None and n_inputs > 1 and not options["shared_palette"]:
        raise click.UsageError(
            f"--palette-out writes one palette, but {n_inputs} pictures have one each; use "
            "--shared-palette"
        )


def refuse_overwriting(path: str, what: str, jobs: Sequence[Job], besides: Sequence[str]) -> None:
    """Keep a file that is only read from being overwritten.

    Parameters
    ----------
    path : str
        What the user gave: a file, or something else that nothing can overwrite.
    what : str
        What it is for.
    jobs : sequence of Job
        The pictures and their outputs.
    besides : sequence of str
        Other files that will be written.

    Raises
    ------
    OutputError
        If an output is that file, by whatever name.
    """
    if not os.path.isfile(path):
        return
    for output in (*besides, *(target for job in jobs for target in job.targets)):
        if os.path.exists(output) and os.path.samefile(output, path):
            raise OutputError(f"is the {what}; choose another output", output)


def _given(options: dict[str, Any], *names: str) -> list[str]:
    """List those of some options, as they are written, that the user has given.

    Parameters
    ----------
    options : dict
        Values by name; what is None, False or empty was not given.
    *names : str
        Names of options, as keys of `options`.

    Returns
    -------
    list of str
    """
    return [
        f"--{name.replace('_', '-')}" for name in names if options[name] not in (None, False, ())
    ]
