"""The command ``kmcli tour``: the course notebook as one page, made by the other commands."""

import os
from typing import Any

import click

from kmcli.cli import console, outputs
from kmcli.cli.declaring import ANY_PATH, GroupedCommand
from kmcli.cli.options import (
    COMMON_GROUP,
    FIGURE_GROUP,
    OutputOptions,
    force_option,
    report_options,
    theme_option,
)
from kmcli.errors import ExitCode

_FILE = "tour.html"


@click.command(
    cls=GroupedCommand,
    short_help="Make a web page of the whole course notebook.",
    epilog="Example: kmcli tour writes tour.html, which needs no network.",
)
@click.argument("folder", metavar="[DIR]", type=ANY_PATH, default=".")
@force_option
@theme_option(FIGURE_GROUP)
@report_options(COMMON_GROUP)
def tour(**options: Any) -> ExitCode:
    """Write tour.html: the course notebook with pictures, numbers and questions for the class.

    The file goes into DIR, by default the current folder, and needs no other files.
    """
    folder = options["folder"]
    path = os.path.join("" if folder == "." else folder, _FILE)
    to = OutputOptions.of({**options, "output_dir": folder})
    outputs.check([path], to, may_exist=True)

    # Late, so that help and usage errors come at once.
    from kmcli.cli.tour import making
    from kmcli.cli.tour.notebook import CHAPTERS
    from kmcli.cli.tour.page import page, tour_report

    made = making.make_steps(
        [step for chapter in CHAPTERS for step in chapter.steps], quiet=to.quiet
    )
    report = tour_report(CHAPTERS, made) if to.has_report else None
    outputs.write_all([(path, page(CHAPTERS, made, options["theme"]))], report, to)
    if not to.quiet:
        console.say(f"tour: {len(made)} steps of the notebook -> {path}")
    return ExitCode.DONE
