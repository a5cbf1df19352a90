"""Where the gettext catalogues are: one folder a locale, compiled by ``python -m web.build_translations``."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
