"""The command ``kmcli tour``."""

from kmcli.cli.tour.command import tour

__all__ = ["tour"]
