"""Options that commands share, with one name, default and help text each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import click

from kmcli.cli.declaring import ANY_PATH, F, NameOrPath, option, stacked
from kmcli.cli.numbers import Decimal, Integer, read_decimal
from kmcli.settings import MAX_ITERATIONS, MAX_N_INIT, THEMES, Init, KMeansSettings

COMMON_GROUP = "Most used"
FIGURE_GROUP = "Pictures"
KMEANS_GROUP = "k-means, as in scikit-learn"
REPORT_GROUP = "Report"

_DEFAULTS = KMeansSettings()


def range_reader(most: int) -> Callable[[str], range]:
    """Make what reads numbers of clusters from the first to the last, like ``5:20``."""

    def read(value: str) -> range:
        first, _, last = value.partition(":")
        if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in (first, last)):
            raise click.BadParameter(f"{value!r} is not a range like 5:20")
        if not 1 <= int(first) <= int(last) <= most:
            raise click.BadParameter(f"{value!r} must be an increasing range within 1 to {most}")
        return range(int(first), int(last) + 1)

    return read


def kmeans_options(
    n_init_help: str, *, inits: str = "", init_help: str = "How to choose the initial centres."
) -> Callable[[F], F]:
    """Declare the parameters of k-means, except for the number of clusters.

    The default of `--n-init` depends on the command; `inits` is what `--init` takes, where that
    is more than scikit-learn's names, and `init_help` what it means.
    """
    names = [name for name in inits.split("|") if not name.startswith("FILE")]
    return stacked(
        option(
            "--init",
            group=KMEANS_GROUP,
            type=NameOrPath(names) if inits else click.Choice(["k-means++", "random"]),
            metavar=inits or None,
            default=_DEFAULTS.init,
            help=init_help,
        ),
        n_init_option(KMEANS_GROUP, n_init_help),
        option(
            "--max-iter",
            group=KMEANS_GROUP,
            type=Integer(1, MAX_ITERATIONS),
            metavar="N",
            default=_DEFAULTS.max_iter,
            help="Maximum iterations per initialisation.",
        ),
        option(
            "--tol",
            group=KMEANS_GROUP,
            type=Decimal(min=0),
            metavar="X",
            default=_DEFAULTS.tol,
            help="Relative tolerance for convergence.",
        ),
        option(
            "--algorithm",
            group=KMEANS_GROUP,
            type=click.Choice(["lloyd", "elkan"]),
            default=_DEFAULTS.algorithm,
            help="k-means algorithm; the result is the same.",
        ),
        seed_option(KMEANS_GROUP),
    )


def n_init_option(group: str, default: str) -> Callable[[F], F]:
    """Declare how many starts are tried; the default depends on the command."""
    return option(
        "--n-init",
        group=group,
        type=Integer(1, MAX_N_INIT),
        metavar="N",
        help=f"Number of initialisations; the best is kept.  {default}",
    )


def seed_option(group: str) -> Callable[[F], F]:
    """Declare the seed."""
    return option(
        "--seed",
        group=group,
        type=Integer(0, 2**32 - 1),
        metavar="N",
        default=_DEFAULTS.random_state,
        help="Random seed.",
    )


start_seed_option = option(
    "--start-seed",
    group=KMEANS_GROUP,
    type=Integer(0, 2**32 - 1),
    metavar="N",
    help="Random seed of the initialisation only, to keep the same points.  [default: --seed]",
)
"""The seed of the starts, apart from that of the data."""


def kmeans_settings(
    given: Mapping[str, Any], n_clusters: int, init: Init, n_init: int
) -> KMeansSettings:
    """Say how to run k-means, by the options that `kmeans_options` and `start_seed_option` add."""
    return KMeansSettings(
        n_clusters=n_clusters,
        init=init,
        n_init=n_init,
        max_iter=given["max_iter"],
        tol=given["tol"],
        algorithm=given["algorithm"],
        random_state=given["seed"] if given["start_seed"] is None else given["start_seed"],
    )


def clusters_option(default: int | None, most: int | None = None) -> Callable[[F], F]:
    """Declare the number of clusters; without a default, that depends on the data."""
    return option(
        "-k",
        "--clusters",
        group=COMMON_GROUP,
        type=Integer(1, most),
        metavar="N",
        default=default,
        show_default=default is not None,
        help="Number of clusters"
        + (f", 1 to {most}." if most else ".")
        + ("" if default is not None else "  [default: the number of groups]"),
    )


force_option = option(
    "-f", "--force", group=COMMON_GROUP, is_flag=True, help="Replace existing outputs."
)


def output_dir_option(what: str, default: str) -> Callable[[F], F]:
    """Declare the folder for outputs."""
    return option(
        "-d",
        "--output-dir",
        group=COMMON_GROUP,
        metavar="DIR",
        type=ANY_PATH,
        help=f"{what}; created if missing.  [default: {default}]",
    )


output_options = stacked(
    output_dir_option("Folder for the outputs", "the current folder"), force_option
)
"""Where the outputs of a command go that writes several with fixed names."""


def _read_size(value: str) -> tuple[float, float]:
    sides = [read_decimal(side) for side in value.lower().split("x")]
    if len(sides) != 2 or sides[0] is None or sides[1] is None:
        raise click.BadParameter(f"{value!r} is not a size like 8x6, in inches")
    width, height = sides[0], sides[1]
    if not (2 <= width <= 20 and 2 <= height <= 20):
        raise click.BadParameter(f"{value} inches are out of range: 2 to 20 each")
    return width, height


def theme_option(
    group: str, text: str = "Colour theme: light for print, dark for a dim room."
) -> Callable[[F], F]:
    """Declare the theme of pictures."""
    return option("--theme", group=group, type=click.Choice(THEMES), default=THEMES[0], help=text)


figure_options = stacked(
    option(
        "--dpi",
        group=FIGURE_GROUP,
        type=Integer(30, 400),
        metavar="N",
        default=150,
        help="Pixels per inch, 30 to 400.",
    ),
    option(
        "--size",
        group=FIGURE_GROUP,
        type=_read_size,
        metavar="WxH",
        help="Width and height of each picture in inches, 2 to 20; text scales with it.  "
        "[default: as it needs]",
    ),
    theme_option(FIGURE_GROUP),
)
"""How pictures of results are drawn."""


@dataclass(frozen=True)
class OutputOptions:
    """Where outputs go, whether they may replace files, and which reports are wanted."""

    output_dir: str | None
    force: bool
    report: bool
    json: bool
    report_file: str | None
    quiet: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "OutputOptions":
        """Take them from the options of a command."""
        return cls(**{field.name: given[field.name] for field in fields(OutputOptions)})

    @property
    def make_folders(self) -> bool:
        """Whether missing folders are made."""
        return self.output_dir is not None

    @property
    def prints_report(self) -> bool:
        """Whether a report goes to standard output."""
        return self.report or self.json

    @property
    def has_report(self) -> bool:
        """Whether any report has to be computed."""
        return self.prints_report or self.report_file is not None


def report_options(group: str = REPORT_GROUP) -> Callable[[F], F]:
    """Declare the options for reports and for silence, ``--report`` itself under this heading."""
    return stacked(
        option(
            "--report",
            group=group,
            is_flag=True,
            help="Print the full report on standard output.",
        ),
        option(
            "--json",
            group=REPORT_GROUP,
            is_flag=True,
            help="Print the report as JSON Lines instead, one object per line.",
        ),
        option(
            "--report-file",
            group=REPORT_GROUP,
            metavar="FILE",
            type=ANY_PATH,
            help="Write the report to a file as well; .json and .jsonl mean JSON.",
        ),
        option(
            "-q",
            "--quiet",
            group=REPORT_GROUP,
            is_flag=True,
            help="Only print errors.",
        ),
    )
