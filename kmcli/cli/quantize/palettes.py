"""The palettes of ``kmcli quantize`` that the user gives, and those that the user asks for."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from kmcli.cli import console
from kmcli.cli.options import OutputOptions
from kmcli.errors import ExitCode, InputError, KmcliError, OutputError
from kmcli.files import STREAM, publish, read_input

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.cli.jobs import Job
    from kmcli.quantize import QuantizedImage
    from kmcli.quantize.palette import Palette

_SWATCHES = ".png"

_DECIDE_COLORS = (
    *("colors", "lock", "order", "effort", "region", "weight_mask", "shared_palette"),
    *("min_psnr", "max_delta_e", "max_size"),
    *("init", "n_init", "max_iter", "tol", "algorithm"),
)
"""Options that find, choose or order colours, which a given palette leaves nothing to do."""


def parse_palette_out(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> str | None:
    """Refuse a palette file whose suffix does not say what to write."""
    if value is None:
        return None
    from kmcli.quantize.palette_files import WRITTEN_SUFFIXES

    suffixes = (*WRITTEN_SUFFIXES, _SWATCHES)
    if Path(value).suffix.lower() not in suffixes:
        raise click.BadParameter(
            f"{value!r} does not say what to write; end the name in {', '.join(suffixes)}"
        )
    return value


def refuse_contradictions(
    context: click.Context, options: dict[str, Any], inputs: Sequence[str]
) -> None:
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


def read_palette(value: str, max_bytes: int) -> "NDArray[np.uint8]":
    """Read the palette that the user gives, from a file or as a list.

    Parameters
    ----------
    value : str
        A list of colours, which begins with ``#``, the name of a file, or ``-``.
    max_bytes : int
        Limit on the file.

    Returns
    -------
    ndarray of shape (n, 3) or (n, 4), uint8
        1 to 256 colours.

    Raises
    ------
    KmcliError
        If it cannot be read; the error names the file.
    """
    from kmcli.quantize.palette_files import decode_palette, palette_of_list

    if value.lstrip().startswith("#"):
        return palette_of_list(value)
    try:
        return decode_palette(read_input(value, max_bytes), value)
    except KmcliError as error:
        hint = ""
        if isinstance(error, InputError) and not Path(value).suffix and not os.path.exists(value):
            hint = "; a list of colours is written like '#fff,#c00'"
        raise type(error)(f"{error}{hint}", value) from None


def palette_bytes(palette: "Palette", path: str) -> bytes:
    """Write a palette in the format that the name of a file asks for.

    Parameters
    ----------
    palette : Palette
        The colours and their counts.
    path : str
        The file; ``.png`` means a picture of swatches.

    Returns
    -------
    bytes
    """
    suffix = Path(path).suffix.lower()
    if suffix == _SWATCHES:
        from kmcli.figures.canvas import encode_png
        from kmcli.figures.swatches import palette_swatches

        return encode_png(palette_swatches(palette.colors, palette.hex, palette.shares))
    from kmcli.quantize.palette_files import encode_palette

    return encode_palette(palette, suffix, Path(path).stem)


def palette_losses(palette: "Palette", path: str) -> list[str]:
    """Say what of a palette the format of a file cannot hold, a line each."""
    from kmcli.quantize.palette_files import lost_alpha

    suffix = Path(path).suffix.lower()
    loss = None if suffix == _SWATCHES else lost_alpha(palette, suffix)
    return [] if loss is None else [f"{path}: {loss}"]


def write_shared(
    palette: "Palette", path: str, code: ExitCode, to: OutputOptions, *, quiet: bool
) -> None:
    """Publish the palette of all pictures, if any of them could be done.

    Parameters
    ----------
    palette : Palette
        The colours, and their counts in all pictures.
    path : str
        The file.
    code : ExitCode
        What came of the pictures.
    to : OutputOptions
        Whether an existing file may be replaced, and folders be made.
    quiet : bool
        Whether to keep silent about what is lost.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    if code not in (ExitCode.DONE, ExitCode.PARTIAL):
        return
    files = [(path, palette_bytes(palette, path))]
    publish(files, force=to.force, make_folders=to.output_dir is not None)
    for loss in [] if quiet else palette_losses(palette, path):
        console.warning(loss)


def transparency_notes(given: "NDArray[np.uint8]", image: "QuantizedImage") -> list[str]:
    """Say what became of clear pixels for which a given palette has no entry, a line each."""
    changed = image.changes.colors
    if changed.shape[1] == 3 or not (changed[:, 3] == 0).any():
        return []
    if given.shape[1] == 4 and (given[:, 3] == 0).any():
        return []
    n_entries = len(image.palette.colors)
    if n_entries > len(given):
        return [f"the palette has no transparent colour; one was added, as entry {n_entries - 1}"]
    return [
        "the palette has no transparent colour and no room for one; transparent pixels got the "
        "nearest colour"
    ]


def refuse_overwriting(path: str, what: str, jobs: "Sequence[Job]", besides: Sequence[str]) -> None:
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
