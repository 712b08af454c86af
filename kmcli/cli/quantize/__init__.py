"""The command ``kmcli quantize``."""

from kmcli.cli.quantize.command import quantize

__all__ = ["quantize"]
