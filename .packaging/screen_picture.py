#!/usr/bin/env python3
"""Turn the screen of Xvfb (-fbdir: an XWD file) into a PNG, with the standard library alone.

screen_picture.py XWD PNG
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

# Positions in XWD's header of 32-bit big-endian numbers.
HEADER_SIZE, WIDTH, HEIGHT, BITS_PER_PIXEL, BYTES_PER_LINE, COLOURS = 0, 4, 5, 11, 12, 19
COLOUR_BYTES = 12


def main(xwd: Path, png: Path) -> int:
    """Convert a 24-bit screen; return 0."""
    data = xwd.read_bytes()
    header = struct.unpack(">25I", data[:100])
    if header[BITS_PER_PIXEL] != 32:
        raise SystemExit("not a 24-bit screen")
    begin = header[HEADER_SIZE] + header[COLOURS] * COLOUR_BYTES
    width, height, per_line = header[WIDTH], header[HEIGHT], header[BYTES_PER_LINE]
    rows = bytearray()
    for y in range(height):
        line = data[begin + y * per_line : begin + y * per_line + width * 4]
        rgb = bytearray(width * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
        rows += b"\0" + rgb
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", size), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b"")
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))
    return 0


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
