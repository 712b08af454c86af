"""The pictures of ``kmcli blobs``: how they are called, and when each is drawn."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kmcli.cli import console

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kmcli.blobs import BlobsResult
    from kmcli.cli.blobs.extras import Extras


def _path(given: Mapping[str, Any], name: str) -> str:
    return os.path.join(given["output_dir"] or "", name)


# An APNG is a PNG; by its name it must not take the strip's place.
_ANIMATIONS = {"gif": "blobs-steps.gif", "apng": "blobs-animated.png"}


def output_paths(given: Mapping[str, Any]) -> list[str]:
    """List what will be written besides reports."""
    names = ["blobs.png"]
    if given["steps"]:
        names.append("blobs-steps.png")
        if given["animation"] in _ANIMATIONS:
            names.append(_ANIMATIONS[given["animation"]])
    if given["scan"]:
        names.append("blobs-scan.png")
    if given["compare_init"]:
        names.append("blobs-init.png")
    paths = [_path(given, name) for name in names]
    return [*paths, *(given[key] for key in ("html", "csv") if given[key] is not None)]


def _with_progress(
    frames: Iterable["NDArray[np.uint8]"], n_frames: int, *, is_quiet: bool
) -> Iterator["NDArray[np.uint8]"]:
    with console.progress(n_frames, quiet=is_quiet) as progress:
        for frame in frames:
            yield frame
            progress.advance("animation")


def draw(
    result: "BlobsResult", extras: "Extras", given: Mapping[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Draw what is wanted, one picture after the other, with its path."""
    from kmcli.figures import blobs as figures
    from kmcli.figures import blobs_trials
    from kmcli.figures.style import Style, to_png

    style = Style(given["theme"], given["dpi"], given["size"])
    yield _path(given, "blobs.png"), to_png(figures.draw_overview(result, style))
    if extras.trace is not None:
        strip = figures.draw_steps(result.points, extras.trace, style)
        yield _path(given, "blobs-steps.png"), to_png(strip)
        if given["animation"] in _ANIMATIONS:
            from kmcli.image_io import encode_animation

            frames = figures.draw_animation(result.points, extras.trace, style)
            n_frames = figures.count_frames(extras.trace)
            shown = _with_progress(frames, n_frames, is_quiet=given["quiet"])
            animation = encode_animation(shown, given["animation"], 1500)
            yield _path(given, _ANIMATIONS[given["animation"]]), animation
    if extras.scan:
        figure = blobs_trials.draw_scan(result.points, extras.scan, style)
        yield _path(given, "blobs-scan.png"), to_png(figure)
    if extras.trials:
        figure = blobs_trials.draw_starts(extras.trials, style)
        yield _path(given, "blobs-init.png"), to_png(figure)
    if given["html"] is not None:
        from kmcli.figures.blobs_page import page

        yield given["html"], page(result, style)
