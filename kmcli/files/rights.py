"""What a file keeps when it is replaced: mode, owner, access lists, extended attributes."""

import contextlib
import os
import sys

_NOT_KEPT = ("security.capability", "security.ima", "security.evm")
"""Attributes that vouch for the old content or give it power, as set-id bits do."""


def keep_rights(old: str, new: int) -> None:
    """Give a new file, by its descriptor, what the one that it replaces had besides its content.

    As if the old file had been written to: its owner where that is allowed, its mode without the
    set-id bits, its access list and its extended attributes where the system has such.
    """
    before, now = os.stat(old), os.fstat(new)
    if hasattr(os, "fchown") and (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(new, before.st_uid, before.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(new, before.st_mode & 0o777)
    if sys.platform == "linux" and hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):  # a file system without attributes
            _keep_attributes(old, new)


if sys.platform == "linux":  # Python offers them nowhere else

    def _keep_attributes(old: str, new: int) -> None:
        """Copy what is kept in extended attributes: access lists are."""
        wanted = {name for name in os.listxattr(old) if name not in _NOT_KEPT}
        for name in {*os.listxattr(new)} - wanted:
            with contextlib.suppress(OSError):
                os.removexattr(new, name)  # such as the access list that its folder gives it
        for name in sorted(wanted):
            with contextlib.suppress(OSError):  # one that only root may set
                os.setxattr(new, name, os.getxattr(old, name))
