"""The icons that Teams shows: a pilot light, drawn with the standard library alone.

python -m deploy.teams.icons        # draws color.png and outline.png beside this file anew
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
COLOR_SIZE = 192
OUTLINE_SIZE = 32
BACKGROUND = "#12314F"

Point = tuple[float, float]
Curve = tuple[Point, Point, Point]
"""The two points that pull at a curve, and where it ends."""
Coverage = list[list[float]]
Colour = tuple[int, int, int]

_FLAME, _HEART, _WHITE = (0xFF, 0xA2, 0x2B), (0xFF, 0xE9, 0xB0), (0xFF, 0xFF, 0xFF)
_BURNER = (0x9F, 0xC4, 0xE6)
_LINES = 8  # of each row of pixels, so that edges are smooth
_STEPS = 16

# In a square of one by one, its origin at the top left.
_OUTER: tuple[Point, Sequence[Curve]] = (
    (0.54, 0.0),
    (
        ((0.56, 0.20), (0.84, 0.32), (0.84, 0.60)),
        ((0.84, 0.76), (0.70, 0.875), (0.50, 0.875)),
        ((0.30, 0.875), (0.16, 0.76), (0.16, 0.60)),
        ((0.16, 0.46), (0.24, 0.36), (0.31, 0.27)),
        ((0.31, 0.34), (0.35, 0.39), (0.40, 0.38)),
        ((0.50, 0.36), (0.46, 0.16), (0.54, 0.0)),
    ),
)
_INNER: tuple[Point, Sequence[Curve]] = (
    (0.52, 0.44),
    (
        ((0.54, 0.54), (0.67, 0.57), (0.67, 0.70)),
        ((0.67, 0.76), (0.60, 0.805), (0.50, 0.805)),
        ((0.40, 0.805), (0.33, 0.76), (0.33, 0.70)),
        ((0.33, 0.59), (0.48, 0.57), (0.52, 0.44)),
    ),
)
_FOOT = ((0.28125, 0.9375), (0.71875, 0.9375), (0.71875, 1.0), (0.28125, 1.0))


def color_icon() -> bytes:
    """In full colour. Teams cuts its corners, so the picture keeps 48 pixels away from them."""
    size = COLOR_SIZE
    ground = (int(BACKGROUND[1:3], 16), int(BACKGROUND[3:5], 16), int(BACKGROUND[5:7], 16))
    layers = (
        (_FLAME, _covered(_outline(*_OUTER), size, 96, 48)),
        (_HEART, _covered(_outline(*_INNER), size, 96, 48)),
        (_BURNER, _covered(_FOOT, size, 96, 48)),
    )
    rows = []
    for y in range(size):
        row = bytearray()
        for x in range(size):
            colour = ground
            for paint, covered in layers:
                colour = _mixed(colour, paint, covered[y][x])
            row += bytes((*colour, 0xFF))
        rows.append(bytes(row))
    return _png(size, rows)


def outline_icon() -> bytes:
    """In white on nothing, for the bar at the side. Teams wants no padding here."""
    size = OUTLINE_SIZE
    outer, inner, foot = (_covered(each, size, 32, 0) for each in (_outline(*_OUTER), _outline(*_INNER), _FOOT))
    rows = []
    for y in range(size):
        row = bytearray()
        for x in range(size):
            share = max(outer[y][x] - inner[y][x], foot[y][x])
            row += bytes((*_WHITE, round(255 * share)))
        rows.append(bytes(row))
    return _png(size, rows)


def draw(folder: Path = FOLDER) -> None:
    (folder / "color.png").write_bytes(color_icon())
    (folder / "outline.png").write_bytes(outline_icon())


def _mixed(below: Colour, above: Colour, share: float) -> Colour:
    red, green, blue = (round(old + (new - old) * share) for old, new in zip(below, above, strict=True))
    return red, green, blue


def _outline(start: Point, curves: Sequence[Curve]) -> tuple[Point, ...]:
    points = [start]
    for pulled, pulled_too, end in curves:
        begin = points[-1]
        for step in range(1, _STEPS + 1):
            t = step / _STEPS
            parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            through = (begin, pulled, pulled_too, end)
            points.append(
                (
                    sum(part * point[0] for part, point in zip(parts, through, strict=True)),
                    sum(part * point[1] for part, point in zip(parts, through, strict=True)),
                )
            )
    return tuple(points)


def _covered(shape: Sequence[Point], size: int, scale: float, margin: float) -> Coverage:
    """How much of each pixel the shape covers."""
    placed = [(margin + x * scale, margin + y * scale) for x, y in shape]
    covered = [[0.0] * size for _ in range(size)]
    for line in range(size * _LINES):
        for left, right in _spans(placed, (line + 0.5) / _LINES):
            for x in range(int(left), min(int(right) + 1, size)):
                covered[line // _LINES][x] += (min(right, x + 1) - max(left, x)) / _LINES
    return covered


def _spans(shape: Sequence[Point], y: float) -> Iterator[tuple[float, float]]:
    crossings = []
    for (x1, y1), (x2, y2) in zip(shape, (*shape[1:], shape[0]), strict=True):
        if (y1 <= y) != (y2 <= y):
            crossings.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    crossings.sort()
    return zip(crossings[::2], crossings[1::2], strict=True)


def _png(size: int, rows: Sequence[bytes]) -> bytes:
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # eight bits each of red, green, blue and opacity
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


if __name__ == "__main__":
    draw()
