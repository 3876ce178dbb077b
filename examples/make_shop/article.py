"""The long article. In come glazes named below, out goes `article.html`: more than 3,000 nodes of
text, tables, SVG and MathML."""

from __future__ import annotations

import html
import random
from dataclasses import dataclass
from pathlib import Path

_LAYOUT = Path(__file__).parent.parent / "shop" / "cart.html"  # whose header and footer it shares

_FAMILIES = {
    "Ash": "Wood ash melts by itself at cone 10. All the rest is chemistry and patience.",
    "Celadon": "A little iron, a lot of feldspar, and a fire that is starved of air.",
    "Tenmoku": "Black where it is thick, rust where it breaks over an edge.",
    "Shino": "The oldest white of Japan: feldspar, hardly anything else.",
    "Copper red": "Lost for centuries and found again: copper, tin, and luck.",
    "Matt": "Too much clay or too much lime to melt through, and just right so.",
    "Crystalline": "Zinc and silica, cooled so slowly that flowers grow in the glass.",
    "Slip": "Clay on clay: it fits because it is the same.",
}
_PLACES = ("river", "hill", "north", "old kiln", "harbour", "meadow", "winter", "quarry", "orchard")
_MATERIALS = {
    "Potash feldspar": (22, 55),
    "Silica": (10, 32),
    "Whiting": (6, 22),
    "Kaolin": (5, 24),
    "Wood ash": (4, 50),
    "Talc": (2, 12),
    "Zinc oxide": (2, 24),
    "Ball clay": (3, 18),
    "Dolomite": (3, 14),
}
_COLOURS = {
    "Red iron oxide": (1, 10),
    "Copper carbonate": (0.3, 3),
    "Cobalt carbonate": (0.2, 1.5),
    "Tin oxide": (1, 6),
    "Rutile": (1, 5),
}
_REMARKS = (
    "It runs: leave the lowest finger's width bare.",
    "Best over a dark body, where the iron of the clay comes through.",
    "Sieve it twice, and let it stand for a night.",
    "Thin coats stay grey; a count of three in the bucket is enough.",
    "It crawls on dust. Wipe the pot with a wet sponge first.",
    "Hold the top temperature for twenty minutes, or pinholes stay.",
    "A drop of vinegar keeps it from settling.",
    "On a thrown rim it breaks to brown; on a cut one it hides.",
    "We lost eleven pots before this recipe and two since.",
)


@dataclass(frozen=True, slots=True)
class Glaze:
    number: int
    name: str
    cone: int
    hue: int
    parts: tuple[tuple[str, float], ...]
    colours: tuple[tuple[str, float], ...]
    remarks: tuple[str, ...]


def write_article(file: Path) -> None:
    """Writes the article; the same bytes each time."""
    head, _, rest = _LAYOUT.read_text(encoding="utf-8").partition("<main")
    foot = rest.partition("</main>\n")[2].partition("<footer")[2]
    head = head.replace("Kiln &amp; Grain: your bag", "Kiln &amp; Grain: on glazes", 1)
    chapters = _chapters()
    file.write_text(
        f'{head}<main class="page article">\n{_contents(chapters)}<article>\n'
        "<h1>On glazes</h1>\n"
        '<p class="quiet">Seventy-two recipes from our notebooks, with what went wrong.</p>\n'
        f"{_OPENING}{''.join(_chapter(name, glazes) for name, glazes in chapters)}"
        f"{_CLOSING}</article>\n</main>\n<footer{foot}",
        encoding="utf-8",
    )


def _chapters() -> list[tuple[str, list[Glaze]]]:
    dice = random.Random("glazes")
    numbers = iter(range(1, 1000))
    return [
        (family, [_glaze(dice, next(numbers), family, place) for place in _PLACES])
        for family in _FAMILIES
    ]


def _glaze(dice: random.Random, number: int, family: str, place: str) -> Glaze:
    chosen = dice.sample(sorted(_MATERIALS), 5)
    weights = [dice.uniform(*_MATERIALS[name]) for name in chosen]
    parts = tuple(
        (name, round(weight / sum(weights) * 100, 1))
        for name, weight in sorted(zip(chosen, weights, strict=True), key=lambda pair: -pair[1])
    )
    colours = tuple(
        (name, round(dice.uniform(*_COLOURS[name]), 1))
        for name in dice.sample(sorted(_COLOURS), dice.choice((1, 2)))
    )
    remarks = tuple(dice.sample(_REMARKS, 2))
    return Glaze(
        number,
        f"{family}, {place}",
        dice.choice((6, 9, 10)),
        dice.randrange(360),
        parts,
        colours,
        remarks,
    )


def _contents(chapters: list[tuple[str, list[Glaze]]]) -> str:
    items = "".join(
        f'<li><a href="#{_slug(name)}">{html.escape(name)}</a> <small>{len(glazes)}</small></li>'
        for name, glazes in chapters
    )
    return f'<nav class="contents" aria-label="Contents"><b>Contents</b><ol>{items}</ol></nav>\n'


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _chapter(name: str, glazes: list[Glaze]) -> str:
    body = "".join(map(_entry, glazes))
    return (
        f'<section id="{_slug(name)}">\n<h2>{html.escape(name)}</h2>\n'
        f"<p>{html.escape(_FAMILIES[name])}</p>\n{body}</section>\n"
    )


def _entry(glaze: Glaze) -> str:
    rows = "".join(
        f'<tr><td>{name}</td><td class="amount">{amount}</td></tr>' for name, amount in glaze.parts
    )
    rows += "".join(
        f'<tr><td><i>{name}</i></td><td class="amount">+ {amount}</td></tr>'
        for name, amount in glaze.colours
    )
    remarks = " ".join(glaze.remarks)
    return (
        f'<div class="glaze"><div class="swatch" style="--swatch: hsl({glaze.hue} 38% 52%)"></div>'
        f"<div><h3>{glaze.number}. {html.escape(glaze.name)}</h3>"
        f'<p>Cone {glaze.cone}. {remarks}<sup><a href="#note-{glaze.number % 6 + 1}">'
        f"{glaze.number % 6 + 1}</a></sup></p></div>"
        f"<table><tbody>{rows}</tbody></table></div>\n"
    )


_OPENING = """<p>A glaze is a glass that fits a pot. Three things make it: <em>silica</em>, which is the glass;
<em>alumina</em>, which keeps it from running off; and a <em>flux</em>, which lets it melt at all.
Seger wrote it so:</p> <math
display="block"><mrow><mi>R</mi><mi>O</mi><mo>:</mo><mfrac><mrow><msub><mi>Al</mi><mn>2</mn></msub><msub><mi>O</mi><mn>3</mn></msub></mrow><mrow><mi>Si</mi><msub><mi>O</mi><mn>2</mn></msub></mrow></mfrac><mo>≈</mo><mn>1</mn><mo>:</mo><mfrac><mn>0.4</mn><mn>3.5</mn></mfrac></mrow></math>
<svg viewBox="0 0 640 190" width="640" height="190" role="img" aria-label="A firing"
xmlns:xlink="http://www.w3.org/1999/xlink"> <defs><marker id="dot" viewBox="0 0 4 4" refX="2"
refY="2" markerWidth="4" markerHeight="4"><circle cx="2" cy="2" r="2" fill="#9c4f2b"/></marker>
<linearGradient id="heat" x1="0" y1="1" x2="0" y2="0"><stop offset="0" stop-color="#ded5c6"/><stop
offset="1" stop-color="#c1724a"/></linearGradient></defs> <path d="M40 170 L150 140 L260 90 L400 40
L450 36 L470 70 L600 160 L600 170 Z" fill="url(#heat)" fill-opacity="0.5"/> <path id="curve" d="M40
170 L150 140 L260 90 L400 40 L450 36 L470 70 L600 160" fill="none" stroke="#9c4f2b" stroke-width="3"
marker-mid="url(#dot)"/> <text font-size="13" fill="#26302b"><textPath xlink:href="#curve"
startOffset="12%">slowly while water leaves, then as fast as the kiln will go</textPath></text>
</svg> """

_CLOSING = """<section id="notes"><h2>Notes</h2><ol>
<li id="note-1">All amounts are in hundredths of the dry weight; colours come on top.</li>
<li id="note-2">Wear a mask. Silica dust does not leave the lungs.</li>
<li id="note-3">Cones are Orton's, large, self-supporting.</li>
<li id="note-4">In reduction; in oxidation it is another glaze.</li>
<li id="note-5">Test it with lemon overnight before you eat from it.</li>
<li id="note-6">日本語では「釉薬」、<span lang="ar" dir="rtl">بالعربية «طلاء زجاجي»</span>, <span lang="he"
dir="rtl">בעברית „זיגוג”</span>.</li> </ol></section> """
