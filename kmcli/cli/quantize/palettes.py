"""The palettes of ``kmcli quantize``: given, learned from all pictures, or asked for as files."""

import functools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kmcli.cli import console
from kmcli.cli.quantize.jobs import Job
from kmcli.cli.quantize.pool import run_in_order
from kmcli.cli.quantize.request import Request
from kmcli.errors import ExitCode, InputError, KmcliError
from kmcli.files import publish, read_input
from kmcli.parallel import n_cores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.quantize import ColorCounts, QuantizedImage
    from kmcli.quantize.palette import Palette

_SWATCHES = ".png"

_LIST = re.compile(r"\s*(#|rgba?\(|[0-9]{1,3}%?[\s,;])", re.IGNORECASE)
"""How a list of colours begins."""

_LIST_HINT = "; write a list of colours like '#fff,#c00' or '255,255,255; 204,0,0'"


def written_suffixes() -> tuple[str, ...]:
    """List the suffixes of the palette files that can be written."""
    from kmcli.palette_files import WRITTEN_SUFFIXES

    return (*WRITTEN_SUFFIXES, _SWATCHES)


def palette_from_option(value: str, limits: Request) -> "NDArray[np.uint8]":
    """Read the palette that the user gives, from a file, standard input (``-``) or as a list.

    What begins with ``#`` is a list; what begins like ``255,`` or ``rgb(`` is one unless there is
    a file of that name. Errors name the file.
    """
    from kmcli.palette_files import decode_palette, palette_of_list

    if value.lstrip().startswith("#") or (_LIST.match(value) and not os.path.exists(value)):
        return palette_of_list(value)
    try:
        data = read_input(value, limits.max_input_bytes)
        return decode_palette(data, value, limits.max_pixels)
    except KmcliError as error:
        hint = ""
        if isinstance(error, InputError) and not Path(value).suffix and not os.path.exists(value):
            hint = _LIST_HINT
        raise type(error)(f"{error}{hint}", value) from None


def learn_shared_palettes(jobs: Sequence[Job], request: Request) -> "tuple[Palette, ...]":
    """Learn a palette for each version; none if not a single picture can be read."""
    from kmcli.quantize import learn_palette, merge_counts

    count = functools.partial(_count, request=request)
    merged = None
    for counted in run_in_order(count, jobs, request.jobs or n_cores()):
        if not isinstance(counted, KmcliError):  # what cannot be read now, cannot be later
            merged = counted if merged is None else merge_counts([merged, counted])
    if merged is None:
        return ()
    return tuple(learn_palette(merged, settings) for settings in request.settings)


def _count(job: Job, *, request: Request) -> "ColorCounts":
    from kmcli.cli.quantize.picture import read_picture

    if job.refusal is not None:
        raise job.refusal
    return read_picture(job.source, request).histogram


def palette_bytes(palette: "Palette", path: str) -> bytes:
    """Write a palette in the format that the name of a file asks for; PNGs show swatches."""
    suffix = Path(path).suffix.lower()
    if suffix == _SWATCHES:
        from kmcli.figures.canvas import encode_png
        from kmcli.figures.swatches import palette_swatches

        return encode_png(palette_swatches(palette.colors, palette.hex, palette.shares))
    from kmcli.palette_files import encode_palette

    return encode_palette(palette, suffix, Path(path).stem)


def palette_losses(palette: "Palette", path: str) -> list[str]:
    """Say what of a palette the format of a file cannot hold, a line each."""
    from kmcli.palette_files import lost_alpha

    suffix = Path(path).suffix.lower()
    loss = None if suffix == _SWATCHES else lost_alpha(palette, suffix)
    return [] if loss is None else [f"{path}: {loss}"]


def write_shared(palette: "Palette", path: str, code: ExitCode, to: Request) -> None:
    """Publish the palette of all pictures, if any of them could be done."""
    if code not in (ExitCode.DONE, ExitCode.PARTIAL):
        return
    files = [(path, palette_bytes(palette, path))]
    publish(files, force=to.force, make_folders=to.make_folders)
    for loss in [] if to.quiet else palette_losses(palette, path):
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
        "the palette has no transparent colour and no room for one; transparent pixels take the "
        "nearest colour"
    ]
