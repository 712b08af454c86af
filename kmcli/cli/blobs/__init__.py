"""The command ``kmcli blobs``."""

from kmcli.cli.blobs.command import blobs

__all__ = ["blobs"]
