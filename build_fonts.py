"""Makes the fonts of documents: the characters of GBK out of Noto Sans SC, as plain TrueType (`make` does it).

The source comes with npm (`@expo-google-fonts/noto-sans-sc`, SIL Open Font License); what is made here is not
committed, and goes into the wheel.
"""

import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "form_engine" / "documents" / "fonts"
SOURCE: Final = Path(__file__).parent / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
WEIGHTS: Final = {"400Regular": "NotoSansSC-Regular.ttf", "700Bold": "NotoSansSC-Bold.ttf"}
_EXTRA: Final = ((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2190, 0x2199))
"""Latin with accents, dashes and quotes, currencies, arrows: what stands beside Chinese."""


def characters() -> set[int]:
    """Every character of GBK, and what `_EXTRA` adds."""
    pairs = (bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    found = {ord(one) for pair in pairs if len(one := pair.decode("gbk", "ignore")) == 1}
    return found | {code for first, last in _EXTRA for code in range(first, last + 1)}


def build(source: Path = SOURCE, folder: Path = FOLDER) -> None:
    """Write both weights, unless they are there and newer than what they are made of."""
    from fontTools import subset  # type: ignore[import-untyped]

    folder.mkdir(exist_ok=True)
    for weight, name in WEIGHTS.items():
        given, made = source / weight / f"NotoSansSC_{weight}.ttf", folder / name
        newest = max(given.stat().st_mtime, Path(__file__).stat().st_mtime)
        if made.exists() and made.stat().st_mtime >= newest:
            continue
        options = subset.Options(
            layout_features=["*"], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 4, 6, 13]
        )
        with subset.load_font(str(given), options) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=characters())
            cutter.subset(font)
            whole = made.with_suffix(".part")
            subset.save_font(font, str(whole), options)
        whole.replace(made)
    license_text = (source / "LICENSE_FONT").read_text("utf-8")
    (folder / "OFL.txt").write_text(license_text, "utf-8", newline="\n")


if __name__ == "__main__":
    build()
    sys.exit(0)
