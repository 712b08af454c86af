"""Write the sample pictures that the project generates itself, beside this script."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

HERE = Path(__file__).parent


def logo() -> Image.Image:
    """Draw three overlapping discs with soft edges and a soft shadow, on nothing."""
    size = 320
    y, x = np.mgrid[0:size, 0:size] + 0.5
    premultiplied = np.zeros((size, size, 3))
    alpha = np.zeros((size, size))

    def paint(color: tuple[int, int, int], opacity: NDArray[np.float64]) -> None:
        nonlocal premultiplied, alpha
        keep = 1 - opacity
        premultiplied = premultiplied * keep[..., None] + np.array(color) * opacity[..., None]
        alpha = alpha * keep + opacity

    discs = [
        ((160, 112), (230, 80, 60)),
        ((112, 192), (50, 130, 210)),
        ((208, 192), (250, 190, 50)),
    ]
    for (center_x, center_y), _ in discs:
        distance = np.hypot(x - center_x - 6, y - center_y - 10)
        paint((20, 20, 40), 0.25 * np.clip((88 - distance) / 24, 0, 1))
    for (center_x, center_y), color in discs:
        distance = np.hypot(x - center_x, y - center_y)
        paint(color, 0.85 * np.clip(76 - distance, 0, 1))
    straight = premultiplied / np.maximum(alpha, 1e-9)[..., None]
    rgba = np.dstack([straight, alpha * 255])
    return Image.fromarray(np.rint(rgba).clip(0, 255).astype(np.uint8))


def gradient() -> Image.Image:
    """Draw a smooth sky: the hardest case for few colours without dithering."""
    height, width = 300, 400
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    top, bottom, sun = np.array([24, 44, 112]), np.array([250, 170, 120]), np.array([255, 240, 190])
    sky = top + (bottom - top) * (y**1.4)[..., None]
    glow = np.exp(-((x - 0.7) ** 2 + (y - 0.85) ** 2) / 0.05)[..., None]
    return Image.fromarray(np.rint(sky + (sun - sky) * glow).clip(0, 255).astype(np.uint8))


def pixel_art() -> Image.Image:
    """Draw a mushroom of seven colours, each pixel enlarged to 8 x 8."""
    colors = {
        ".": (146, 196, 232),
        "#": (44, 30, 49),
        "r": (210, 52, 60),
        "d": (150, 28, 52),
        "w": (250, 246, 236),
        "s": (238, 206, 164),
        "g": (88, 158, 84),
    }
    rows = [
        "................",
        ".....######.....",
        "...##rrwwrr##...",
        "..#rrrwwwwrrr#..",
        ".#rwwrrwwrrwwr#.",
        ".#wwwwrrrrwwww#.",
        "#rwwwwrrrrwwwwr#",
        "#rrwwrrrrrrwwrd#",
        "#rrrrrwwwwrrrrd#",
        "#ddrrwwwwwwrrdd#",
        ".##############.",
        "...#ss#ss#ss#...",
        "...#ss#ss#ss#...",
        "...#ssssssss#...",
        "gggg########gggg",
        "gggggggggggggggg",
    ]
    image = Image.new("RGB", (16, 16))
    draw = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        for x, key in enumerate(row):
            draw.point((x, y), colors[key])
    return image.resize((128, 128), Image.Resampling.NEAREST)


def orbit() -> list[Image.Image]:
    """Draw a moon on its way around a planet, in front of a sky that stands still."""
    n_frames, height, width = 24, 150, 240
    y, x = np.mgrid[0:height, 0:width] + 0.5
    glow = np.exp(-np.hypot(x - 60, y - 20) / 120)[..., None]
    sky = np.array([12, 14, 34]) + glow * np.array([50, 40, 90])
    stars = np.random.default_rng(4).random((height, width)) > 0.995
    sky[stars] = [220, 220, 235]

    def paint(
        canvas: NDArray[np.float64],
        place: tuple[float, float],
        radius: float,
        color: tuple[int, int, int],
    ) -> None:
        distance = np.hypot(x - place[0], y - place[1])
        light = np.hypot(x - place[0] + radius * 0.4, y - place[1] + radius * 0.4)
        shade = np.clip(1.15 - light / (1.7 * radius), 0.12, 1)[..., None]
        cover = np.clip(radius - distance, 0, 1)[..., None]
        canvas += cover * (np.array(color) * shade - canvas)

    frames = []
    for number in range(n_frames):
        angle = 2 * np.pi * number / n_frames
        moon = (120 + 88 * np.cos(angle), 75 + 26 * np.sin(angle))
        canvas = sky.copy()
        bodies = [((120.0, 75.0), 42.0, (70, 150, 220)), (moon, 12.0, (235, 215, 180))]
        for place, radius, color in bodies if np.sin(angle) >= 0 else bodies[::-1]:
            paint(canvas, place, radius, color)
        frames.append(Image.fromarray(np.rint(canvas).clip(0, 255).astype(np.uint8)))
    return frames


def main() -> None:
    """Write the pictures."""
    first, *others = orbit()
    first.save(
        HERE / "orbit.webp",
        save_all=True,
        append_images=others,
        duration=60,
        loop=0,
        lossless=True,
    )
    print("orbit.webp")
    for name, draw in (("logo", logo), ("gradient", gradient), ("pixel-art", pixel_art)):
        path = HERE / f"{name}.png"
        draw().save(path)
        print(path.name)


if __name__ == "__main__":
    main()
