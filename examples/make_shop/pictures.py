"""The shop's pictures. In come the pots, out go a WebP and a line drawing (SVG) of each, textures,
and the favicon."""

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from examples.make_shop.pottery import Pot, Rgb, Scene, draw_pot

_SAND: Rgb = (240, 232, 220)
_CLAY: Rgb = (193, 142, 104)
_DARK_CLAY: Rgb = (122, 84, 64)
_SIZE_PX = 480

POTS = (
    Pot("mug", ((0, 0.42), (0.5, 0.44), (0.9, 0.42), (1, 0.36)), (86, 122, 118), _CLAY,
        tall=0.5, handle=(0.16, 0.8, 0.36)),
    Pot("bowl", ((0, 0.98), (0.45, 0.82), (0.85, 0.45), (0.9, 0.36), (1, 0.38)), (222, 214, 196),
        _CLAY, 0.86, tall=0.36, tilt=0.3),
    Pot("plate", ((0, 2.5), (0.4, 2.1), (0.8, 1.4), (1, 1.3)), (120, 138, 150), _DARK_CLAY, 0.9,
        tall=0.14, tilt=0.48),
    Pot("vase", ((0, 0.17), (0.12, 0.13), (0.3, 0.16), (0.62, 0.4), (0.85, 0.34), (1, 0.22)),
        (190, 96, 66), _DARK_CLAY, 0.72, tall=0.68),
    Pot("pitcher", ((0, 0.25), (0.16, 0.2), (0.6, 0.37), (0.9, 0.33), (1, 0.27)), (236, 226, 206),
        _CLAY, 0.66, tall=0.62, handle=(0.1, 0.66, 0.3)),
    Pot("carafe", ((0, 0.13), (0.34, 0.11), (0.55, 0.24), (0.8, 0.32), (1, 0.27)), (52, 70, 66),
        _CLAY, 0.9, tall=0.68),
    Pot("espresso", ((0, 0.5), (0.4, 0.5), (0.85, 0.36), (1, 0.28)), (214, 172, 108), _DARK_CLAY,
        0.7, tall=0.36, tilt=0.22, handle=(0.15, 0.72, 0.34)),
    Pot("jar", ((0, 0.3), (0.08, 0.3), (0.14, 0.38), (0.5, 0.45), (0.9, 0.4), (1, 0.34)),
        (148, 160, 128), _CLAY, 0.78, tall=0.56),
    Pot("planter", ((0, 0.56), (0.1, 0.56), (0.12, 0.5), (0.8, 0.4), (1, 0.34)), (198, 120, 84),
        (198, 132, 96), 0.98, tall=0.5, tilt=0.2, speckles=60),
    Pot("bottle", ((0, 0.07), (0.28, 0.06), (0.42, 0.17), (0.6, 0.24), (1, 0.21)), (70, 84, 112),
        _DARK_CLAY, 0.82, tall=0.7),
    Pot("platter", ((0, 2.9), (0.5, 2.6), (1, 1.9)), (226, 206, 176), _CLAY, 0.8, tall=0.12,
        tilt=0.52),
    Pot("beaker", ((0, 0.34), (0.3, 0.3), (0.75, 0.34), (1, 0.3)), (178, 148, 160), _CLAY, 0.58,
        tall=0.54),
)  # fmt: skip


def write_pictures(folder: Path) -> None:
    """Writes them all; the same bytes each time, on the same Pillow."""
    folder.mkdir(parents=True, exist_ok=True)
    for pot in POTS:
        draw_pot(pot, _SIZE_PX, _SAND).save(folder / f"{pot.name}.webp", quality=80, method=6)
        (folder / f"{pot.name}-lines.svg").write_text(line_drawing(pot))
    _workshop().save(folder / "workshop.webp", quality=72, method=6)
    _clay_texture(240).save(folder / "clay.webp", quality=70, method=6)
    _weave().save(folder / "weave.png", optimize=True)
    (folder / "favicon.svg").write_text(_FAVICON)


def line_drawing(pot: Pot) -> str:
    """The pot's outline with its measures, as a drawing on a workshop card."""
    scene = Scene(pot, 400)
    heights = [step / 40 for step in range(41)]
    left = [(200 - scene.radius_px(h), scene.rim_px + h * scene.tall_px) for h in heights]
    right = [(400 - x, y) for x, y in reversed(left)]
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in [*left, *right]) + " Z"
    width = max(radius for _, radius in pot.profile) * scene.tall_px
    ground = scene.rim_px + scene.tall_px
    mouth = scene.radius_px(0)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">\n'
        '<rect width="400" height="400" fill="#f7f2e9"/>\n'
        f'<path d="{path}" fill="#efe4d2" stroke="#7a5440" stroke-width="2.5"/>\n'
        f'<ellipse cx="200" cy="{scene.rim_px:.1f}" rx="{mouth:.1f}" '
        f'ry="{max(1.0, mouth * pot.tilt * 0.6):.1f}" fill="#d9c6ab" stroke="#7a5440" '
        'stroke-width="2"/>\n'
        f'<g stroke="#b35a3c" stroke-width="1.5"><path d="M{200 - width:.1f} {ground + 28:.1f} '
        f'H{200 + width:.1f}"/><path d="M{200 - width:.1f} {ground + 22:.1f} v12 '
        f'M{200 + width:.1f} {ground + 22:.1f} v12"/></g>\n'
        f'<text x="200" y="{ground + 48:.1f}" font-family="sans-serif" font-size="15" '
        f'fill="#b35a3c" text-anchor="middle">{width / scene.tall_px * 24:.0f} cm</text>\n</svg>\n'
    )


def _workshop() -> Image.Image:
    """A wide shelf of pots before a wall: the head of the front page."""
    wide, high = 1280, 420
    picture = Image.composite(
        Image.new("RGB", (wide, high), (58, 66, 60)),
        Image.new("RGB", (wide, high), (104, 112, 98)),
        Image.linear_gradient("L").resize((wide, high)),
    )
    for place, pot in enumerate([*POTS[3:6], POTS[9], POTS[7], POTS[11]]):
        drawn = draw_pot(pot, 300, (104, 112, 98))
        mask = Image.new("L", drawn.size, 0)
        ImageDraw.Draw(mask).ellipse((16, 10, 284, 296), fill=255)
        mask = mask.filter(ImageFilter.GaussianBlur(22))
        picture.paste(drawn, (420 + place * 140, 84 + (place % 2) * 16), mask)
    shade = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(shade).rectangle((0, 0, 460, high), fill=190)
    shade = shade.filter(ImageFilter.GaussianBlur(110))
    picture.paste(Image.new("RGB", (wide, high), (38, 46, 42)), mask=shade)
    return picture


def _clay_texture(size: int) -> Image.Image:
    """Thrown clay: rings of a fingertip, with grog."""
    grain = random.Random("clay")
    picture = Image.new("RGB", (size, size), _CLAY)
    pixels = picture.load()
    if pixels is not None:
        for row in range(size):
            for column in range(size):
                ring = math.sin(row / 5.5 + math.sin(column / 60) * 1.5) * 9
                light = ring + grain.gauss(0, 5) - (column - size / 2) ** 2 / size * 0.3
                red, green, blue = (max(0, min(255, int(part + light))) for part in _CLAY)
                pixels[column, row] = (red, green, blue)
    return picture.filter(ImageFilter.GaussianBlur(0.6))


def _weave() -> Image.Image:
    """A small tile of linen for the page's background."""
    tile = Image.new("RGB", (8, 8), (250, 247, 241))
    draw = ImageDraw.Draw(tile)
    draw.line((0, 0, 7, 0), fill=(246, 241, 232))
    draw.line((0, 4, 7, 4), fill=(247, 243, 235))
    draw.line((0, 0, 0, 7), fill=(246, 241, 232))
    draw.line((4, 0, 4, 7), fill=(248, 244, 237))
    return tile


_FAVICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#3d4f46"/>
<path d="M12 6h8l-1 4c5 3 7 7 5 12-1 3-3 4-4 4h-8c-1 0-3-1-4-4-2-5 0-9 5-12z" fill="#e8b08a"/>
</svg>
"""
