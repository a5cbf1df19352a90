"""Photos: files that a phone's camera makes. `camera: only` asks for one taken now, `prefer` opens the camera first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.file import FileConfig, FileType, read_counts
from form_engine.fields.schema import count

MOST: Final = 9


@dataclass(frozen=True, slots=True)
class PhotoConfig(FileConfig):
    camera: str = "allow"


class PhotoField(FileType[PhotoConfig]):
    name = "photo"
    picture = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "min": count(50),
        "max": count(50),
        "camera": {"enum": ["allow", "prefer", "only"]},
    }

    def parse_config(self, raw: Mapping[str, Any]) -> PhotoConfig:
        least, most = read_counts(raw, max(MOST, raw.get("min", 0)))
        return PhotoConfig(least, most, raw.get("camera", "allow"))

    def client_config(self, config: PhotoConfig, locale: str) -> dict[str, Any]:
        return {**super().client_config(config, locale), "camera": config.camera}
