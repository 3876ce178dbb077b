"""Turns pots. In come a profile and glazes, out goes a picture: a lit surface of revolution, seen
from a little above."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

Rgb = tuple[int, int, int]

_LIGHT = (-0.52, -0.58, 0.63)
_HALF = (-0.29, -0.32, 0.90)  # between the light and the eye, for the highlight
_AMBIENT = 0.36


@dataclass(frozen=True, slots=True)
class Pot:
    """`profile`: (height from 0 at the rim to 1 at the foot, radius) in units of `tall`. `tilt`:
    how far from above, 0 to 0.6."""

    name: str
    profile: tuple[tuple[float, float], ...]
    glaze: Rgb
    clay: Rgb
    glaze_until: float = 0.8
    tall: float = 0.6
    tilt: float = 0.16
    handle: tuple[float, float, float] | None = None  # from, to (heights), reach
    speckles: int = 260


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a pot stands in a square picture of `size` pixels."""

    pot: Pot
    size: int

    @property
    def tall_px(self) -> float:
        return self.pot.tall * self.size

    @property
    def middle_px(self) -> float:
        return self.size * (0.5 if self.pot.handle is None else 0.45)

    @property
    def rim_px(self) -> float:
        return self.size * 0.82 - self.tall_px

    def radius_px(self, height: float) -> float:
        """The radius at a height (0 rim, 1 foot), along a smooth curve through the profile's
        points."""
        points = self.pot.profile
        height = min(max(height, points[0][0]), points[-1][0])
        for (from_height, from_radius), (to_height, to_radius) in itertools.pairwise(points):
            if height <= to_height:
                part = (height - from_height) / (to_height - from_height)
                part = part * part * (3 - 2 * part)
                return (from_radius + (to_radius - from_radius) * part) * self.tall_px
        return points[-1][1] * self.tall_px


def draw_pot(pot: Pot, size: int, backdrop: Rgb) -> Image.Image:
    """The pot on a soft backdrop. Drawn twice as large and scaled down, so that edges are
    smooth."""
    scene = Scene(pot, size * 2)
    picture = _backdrop(scene, backdrop)
    if pot.handle is not None:
        _draw_handle(picture, scene, pot.handle)
    _draw_body(picture, scene)
    _draw_opening(picture, scene)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def _backdrop(scene: Scene, colour: Rgb) -> Image.Image:
    size = scene.size
    gradient = Image.linear_gradient("L").resize((size, size))
    dark = tuple(int(part * 0.88) for part in colour)
    picture = Image.composite(
        Image.new("RGB", (size, size), dark), Image.new("RGB", (size, size), colour), gradient
    )
    shadow = Image.new("L", (size, size), 0)
    foot = scene.radius_px(1.0)
    ground = scene.rim_px + scene.tall_px
    spread = foot * 1.15 + size * 0.05
    box = (
        scene.middle_px - spread * 0.7,
        ground - foot * scene.pot.tilt * 0.6 - size * 0.02,
        scene.middle_px + spread * 1.5,
        ground + foot * scene.pot.tilt + size * 0.035,
    )
    ImageDraw.Draw(shadow).ellipse(box, fill=120)
    shadow = shadow.filter(ImageFilter.GaussianBlur(size * 0.025))
    picture.paste(Image.new("RGB", (size, size), (40, 32, 26)), mask=shadow)
    return picture


def _shade(colour: Rgb, normal: tuple[float, float, float], gloss: float) -> Rgb:
    length = math.sqrt(sum(part * part for part in normal)) or 1.0
    unit = tuple(part / length for part in normal)
    lit = max(0.0, sum(a * b for a, b in zip(unit, _LIGHT, strict=True)))
    shine = max(0.0, sum(a * b for a, b in zip(unit, _HALF, strict=True))) ** 60 * gloss * 170
    strength = _AMBIENT + (1 - _AMBIENT) * lit
    red, green, blue = (min(255, int(part * strength + shine)) for part in colour)
    return red, green, blue


def _draw_body(picture: Image.Image, scene: Scene) -> None:
    pixels = picture.load()
    if pixels is None:
        return
    pot, tall = scene.pot, scene.tall_px
    widest = max(radius for _, radius in pot.profile) * tall
    noise = random.Random(pot.name)
    speckles = {(noise.randrange(720), noise.randrange(400)) for _ in range(pot.speckles)}
    wave = noise.random() * 6
    for column in range(int(scene.middle_px - widest), int(scene.middle_px + widest) + 1):
        across = column - scene.middle_px
        for row in range(int(scene.rim_px), min(scene.size, int(scene.rim_px + tall + widest))):
            surface = _surface_at(scene, across, row)
            if surface is None:
                continue
            height, normal, turn = surface
            edge = pot.glaze_until + 0.014 * math.sin(turn * 5 + wave)
            glazed = height < edge
            colour = pot.glaze if glazed else pot.clay
            if (int((turn + 3.2) * 112), int(height * 400)) in speckles:
                colour = (96, 74, 58)
            pixels[column, row] = _shade(colour, normal, 0.75 if glazed else 0.06)


def _surface_at(
    scene: Scene, across: float, row: float
) -> tuple[float, tuple[float, float, float], float] | None:
    """Height, normal and angle of the front surface at a pixel; None beside the pot."""
    tall, tilt = scene.tall_px, scene.pot.tilt
    height = (row - scene.rim_px) / tall
    depth = 0.0
    for _ in range(5):
        radius = scene.radius_px(height)
        if abs(across) >= radius:
            return None
        depth = math.sqrt(radius * radius - across * across)
        height = (row - scene.rim_px - tilt * depth) / tall
    if not 0 <= height <= 1:
        return None
    radius = scene.radius_px(height)
    slope = (scene.radius_px(height + 0.01) - scene.radius_px(height - 0.01)) / (0.02 * tall)
    normal = (across / radius, -slope, depth / radius)
    return height, normal, math.atan2(across, depth)


def _draw_opening(picture: Image.Image, scene: Scene) -> None:
    radius = scene.radius_px(0)
    flat = radius * scene.pot.tilt
    if flat < 1:
        return
    inside = Image.new("RGB", (int(radius * 2), max(2, int(flat * 2))))
    shaded = Image.linear_gradient("L").resize(inside.size).rotate(180)
    light, dark = scene.pot.glaze, tuple(int(part * 0.34) for part in scene.pot.glaze)
    inside = Image.composite(
        Image.new("RGB", inside.size, dark), Image.new("RGB", inside.size, light), shaded
    )
    mask = Image.new("L", inside.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, inside.size[0] - 1, inside.size[1] - 1), fill=255)
    place = (int(scene.middle_px - radius), int(scene.rim_px - flat))
    picture.paste(inside, place, mask)
    lip = tuple(min(255, int(part * 1.08) + 8) for part in scene.pot.clay)
    ImageDraw.Draw(picture).ellipse(
        (*place, place[0] + inside.size[0], place[1] + inside.size[1]),
        outline=lip,
        width=max(2, int(scene.size * 0.006)),
    )


def _draw_handle(picture: Image.Image, scene: Scene, handle: tuple[float, float, float]) -> None:
    start, end, reach = handle
    top = scene.rim_px + start * scene.tall_px
    bottom = scene.rim_px + end * scene.tall_px
    left = scene.middle_px + min(scene.radius_px(start), scene.radius_px(end)) * 0.92
    right = left + reach * scene.tall_px
    thick = scene.size * 0.045
    draw = ImageDraw.Draw(picture)
    for step in range(24):  # from the outer, darker rim of the band to its lit middle
        part = step / 24
        colour = _shade(scene.pot.glaze, (0.55 - part * 0.6, -0.25, 0.4 + part), 0.3)
        inset = part * thick * 0.5
        draw.arc(
            (left - (right - left) + inset, top + inset, right - inset, bottom - inset),
            -90,
            90,
            fill=colour,
            width=max(1, int(thick - 2 * inset)),
        )
