"""Put the manual page into the wheel, made while it is built, so that it is never out of date."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPageHook(BuildHookInterface[Any]):
    """Called by hatchling for every wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the page where the wheel can take it from."""
        sys.path.insert(0, self.root)
        from kmcli.cli.manual import manual_page

        self.folder = tempfile.TemporaryDirectory()
        page = Path(self.folder.name, "kmcli.1")
        page.write_text(manual_page(), encoding="utf-8")
        build_data["shared_data"][str(page)] = "share/man/man1/kmcli.1"

    def finalize(
        self,
        version: str,
        build_data: dict[str, Any],
        artifact_path: str,
    ) -> None:
        """Remove it again."""
        self.folder.cleanup()
