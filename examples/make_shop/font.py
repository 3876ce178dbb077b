"""The shop's font. In come DejaVu's files (free to use, change and rename), out go two small WOFF2
files and their licence."""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

_DEJAVU = Path("/usr/share/fonts/truetype/dejavu")  # Debian: fonts-dejavu-core, fonts-dejavu-extra
_LICENSE = Path("/usr/share/doc/fonts-dejavu-core/copyright")
_CHARACTERS = "".join(map(chr, range(0x20, 0x7F))) + "ÄÖÜäöüßÉéèêàçñ€£·×–—‘’“”…№°½¼→←"
_FACES = {"kiln-regular": "DejaVuSerifCondensed.ttf", "kiln-bold": "DejaVuSerifCondensed-Bold.ttf"}


def write_fonts(folder: Path) -> None:
    """Subsets to Latin, renamed to Kiln as DejaVu's licence asks of changed versions."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in _FACES.items():
        font = TTFont(_DEJAVU / source, recalcTimestamp=False)
        options = subset.Options()
        options.flavor = "woff2"
        options.hinting = False
        options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=_CHARACTERS)
        subsetter.subset(font)
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6):
                record.string = str(record).replace("DejaVu", "Kiln")
        subset.save_font(font, folder / f"{name}.woff2", options)
    (folder / "LICENSE-DejaVu.txt").write_text(
        "kiln-regular.woff2 and kiln-bold.woff2 are subsets of DejaVu Serif Condensed and DejaVu\n"
        "Serif Condensed Bold, renamed. Their licence, as Debian ships it:\n\n"
        + _LICENSE.read_text(encoding="utf-8")
    )
