"""What the command line asks of ``kmcli cluster``."""

import os
from dataclasses import dataclass
from typing import Any

import click

from kmcli.cli import outputs
from kmcli.cli.cluster.options import AUTO
from kmcli.cli.cluster.rows import rows_path
from kmcli.cli.options import OutputOptions
from kmcli.files import STREAM
from kmcli.settings import ClusterSettings, ColumnChoice

_SCAN = range(2, 13)
"""What -k auto tries unless told otherwise."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for.

    Attributes
    ----------
    names : tuple of str
        The inputs.
    options : dict
        Everything that was given.
    to : OutputOptions
        Where outputs go, and which reports are wanted.
    """

    names: tuple[str, ...]
    options: dict[str, Any]
    to: OutputOptions

    @property
    def scan(self) -> range | None:
        """The numbers of clusters that are tried."""
        numbers: range | None = self.options["scan"]
        return _SCAN if numbers is None and self.options["clusters"] == AUTO else numbers

    @property
    def is_scan_only(self) -> bool:
        """Whether no clusters are made in the end."""
        return self.options["clusters"] is None and not self.starts_from_file

    @property
    def starts_from_file(self) -> bool:
        """Whether the first centres are given."""
        return self.options["init"] not in ("k-means++", "random")

    def rows_path(self, n_clusters: int | None) -> str | None:
        """Tell where the rows go."""
        if self.is_scan_only:
            return None
        return rows_path(self.options, self.names, self.to, f"-k{n_clusters}")

    def picture(self, plot: str) -> str:
        """Tell where a picture goes."""
        return os.path.join(self.options["output_dir"], f"cluster-{plot}.png")

    def targets(self, n_clusters: int | None) -> list[str]:
        """All files besides the report."""
        given = (self.rows_path(n_clusters), self.options["model"], self.options["centers"])
        pictures = [self.picture(plot) for plot in self.options["plots"]]
        return [path for path in (*given, *pictures) if path is not None]

    def check(self, n_clusters: int | None) -> None:
        """Refuse outputs that cannot be written."""
        targets = self.targets(n_clusters)
        inputs = [*self.names, *([self.options["init"]] if self.starts_from_file else [])]
        on_stdout = STREAM in targets
        outputs.check(targets, self.to, inputs=inputs, data_on_stdout=on_stdout)

    def refuse_contradictions(self) -> None:
        """Refuse options that do not go together."""
        options = self.options
        number, is_from_file = options["clusters"], self.starts_from_file
        if number is None and not is_from_file and options["scan"] is None:
            raise click.UsageError(
                "give the number of clusters with -k N, or compare some with --scan A:B"
            )
        if is_from_file and options["n_init"] not in (None, 1):
            raise click.UsageError(
                f"--init {options['init']} is a single initialisation; leave out --n-init"
            )
        if is_from_file and (number == AUTO or options["scan"]):
            raise click.UsageError(
                f"--init {options['init']} already sets the number of clusters; leave out -k"
            )
        if options["plots"] and options["output_dir"] is None:
            raise click.UsageError("--plots needs -d DIR for the pictures")
        if "scan" in options["plots"] and self.scan is None:
            raise click.UsageError("--plots scan needs --scan A:B")
        if self.is_scan_only:
            for name in ("output", "model", "centers"):
                if options[name] is not None:
                    raise click.UsageError(f"--{name} needs clusters; add -k")
            if set(options["plots"]) - {"scan"}:
                raise click.UsageError(f"--plots {options['plots'][0]} needs clusters; add -k")
            if not self.to.has_report and not options["plots"]:
                raise click.UsageError(
                    "--scan without -k only prints a report; add --report or --json"
                )


def settings_from(options: dict[str, Any], n_clusters: int) -> ClusterSettings:
    """Collect the settings of so many clusters."""
    init = options["init"]
    return ClusterSettings(
        n_clusters=n_clusters,
        scale=options["scale"],
        column_weights=options["column_weight"],
        missing=options["missing"],
        init=init if init in ("k-means++", "random") else "k-means++",
        n_init=options["n_init"],
        effort=options["effort"],
        sample_rows=options["sample_rows"],
        passes=options["passes"],
        max_iter=options["max_iter"],
        tol=options["tol"],
        algorithm=options["algorithm"],
        random_state=options["seed"],
    )


def choice_from(options: dict[str, Any]) -> ColumnChoice:
    """Collect which columns are wanted."""
    return ColumnChoice(
        include=options["columns"] or (),
        exclude=options["exclude"] or (),
        one_hot=options["one_hot"] or (),
        weights=options["weights"],
    )
