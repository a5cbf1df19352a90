"""Puts the built client, the fonts of documents and the compiled catalogues into the wheel: it needs no Node then."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildAssets(BuildHookInterface[Any]):
    """Runs before a wheel is packed; an editable install keeps using what `make` builds."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless the wheel is only a pointer to this folder."""
        if version == "editable":
            return
        subprocess.run(["npm", "run", "--silent", "build"], cwd=self.root, check=True)  # noqa: S607
        for words in (("build_fonts.py",), ("-m", "web.build_translations")):
            subprocess.run([sys.executable, *words], cwd=self.root, check=True)  # noqa: S603 - our own
        built = ["web/static/dist/**", "form_engine/documents/fonts/*", "web/translations/**/*.mo"]
        build_data["artifacts"] += built
