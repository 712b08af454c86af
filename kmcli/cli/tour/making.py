"""Run the commands of the tour in a folder that does not last, and keep what they make."""

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import click

from kmcli.cli import console
from kmcli.cli.blobs import blobs
from kmcli.cli.digits import digits
from kmcli.cli.quantize import quantize
from kmcli.cli.signals import put_right_before_death
from kmcli.cli.tour.notebook import LIVE_PAGE, PHOTO, Step
from kmcli.settings import THEMES, Theme

_COMMANDS = {"blobs": blobs, "digits": digits, "quantize": quantize}
_REPORT = "report.jsonl"
_DOTS_PER_INCH = 110  # as wide as the column of text, at twice the dots of a phone


@dataclass(frozen=True)
class Made:
    """What a command has made."""

    reports: Sequence[dict[str, Any]]  # as JSON, one for each number of colours
    files: dict[Theme | None, dict[str, bytes]]  # by theme, or for none, and name


def make_steps(steps: Sequence[Step], *, quiet: bool) -> dict[str, Made]:
    """Run the command of each step, light and dark; give what it made, by the step's name.

    Steps may share one.
    """
    commands = dict.fromkeys(step.command for step in steps)
    themed = {step.command for step in steps for shown in step.pictures if shown.is_themed}
    made = {}
    with console.progress(len(commands), quiet=quiet) as progress:
        for command in commands:
            made[command] = _make(command, THEMES if command in themed else ())
            progress.advance(command)
    return {step.name: made[step.command] for step in steps}


def _make(command: str, themes: Sequence[Theme]) -> Made:
    files: dict[Theme | None, dict[str, bytes]] = {}
    for theme in themes or (None,):
        folder = tempfile.mkdtemp(prefix="kmcli-tour-")
        with put_right_before_death(lambda: shutil.rmtree(folder, ignore_errors=True)):  # noqa: B023
            try:
                files[theme] = dict(_run(command, theme, folder))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    first = next(iter(files.values()))
    return Made([json.loads(line) for line in first[_REPORT].splitlines()], files)


def _run(command: str, theme: Theme | None, folder: str) -> Iterator[tuple[str, bytes]]:
    """Run a command as it stands on the page, but in a folder, without a word."""
    _, name, *words = shlex.split(command)
    places = {file: os.path.join(folder, file) for file in (PHOTO, LIVE_PAGE)}
    if PHOTO in words:
        with open(places[PHOTO], "wb") as photo:
            photo.write(read_photo())
    arguments = [places.get(word, word) for word in words if word != "--report"]
    arguments += ["--theme", theme] if theme else []
    arguments += ["--quiet", "--output-dir", folder]
    arguments += ["--report-file", os.path.join(folder, _REPORT)]
    if name != "quantize":
        arguments += ["--dpi", str(_DOTS_PER_INCH)]
    if "--steps" in words:  # the page shows the strip
        arguments += ["--animation", "none"]
    code = _COMMANDS[name].main(arguments, prog_name=f"kmcli {name}", standalone_mode=False)
    if code:  # it has said why
        click.get_current_context().exit(code)
    for made in sorted(os.listdir(folder)):
        with open(os.path.join(folder, made), "rb") as file:
            yield made, file.read()


def read_photo() -> bytes:
    """Give the notebook's photo, a JPEG that comes with scikit-learn."""
    return resources.files("sklearn.datasets.images").joinpath("china.jpg").read_bytes()
