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


def main() -> None:
    """Write the pictures."""
    for name, draw in (("logo", logo), ("gradient", gradient), ("pixel-art", pixel_art)):
        path = HERE / f"{name}.png"
        draw().save(path)
        print(path.name)


if __name__ == "__main__":
    main()
