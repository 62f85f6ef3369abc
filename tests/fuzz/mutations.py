"""Ways to damage a sound file: blindly, by lines and cells, and by the structure of its format.

Every function takes bytes and a seeded generator and returns bytes, so that a mutation can be
made again from its number alone.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator

NUMBERS = (
    "0", "-1", "1", "2", "8", "255", "65536", "2147483648", "-2147483649", "1000000000000",
    "9" * 19, "9" * 30, "1" + "0" * 400, "1e308", "-1e308", "1e400", "1e-320", "nan", "NaN",
    "inf", "-Infinity", "0x10", "1_000", "٣", "1.5", "+5",
)  # fmt: skip
WORDS = (
    "../x", "../../etc/passwd", "/dev/zero", "/etc/passwd", "C:\\x", "\\\\host\\x", "file:///x",
    "x" * 300, "x/" * 3000, ".", "..", "", " ", "~", "#", "\0", "\ufeff", "é☃", "%s%n", "$(x)",
    "con", "\u202e", "'", '"', ",", ";", "\\", "NaN", "None", "__import__('os')",
)  # fmt: skip
STRANGE: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 1.5, 10**9, 2**63, 2**70, 10**400, 1e308, -1e308, -0.0,
    float("nan"), float("inf"), "", "x" * 300, "../../x", "/dev/zero", "\ud800", "\0", "NaN",
    "1e9", [], {}, [[]], [None], [1e308] * 20, {"a": 1}, {"": None}, [{}], list(range(300)),
)  # fmt: skip
DEEP = b"[" * 100_000


def pick(rng: Rng, choices: Any) -> Any:
    """Return one of a sequence (numpy would turn it into an array)."""
    return choices[int(rng.integers(len(choices)))]


def bytes_changed(data: bytes, rng: Rng) -> bytes:
    """Return the data with bits, bytes and blocks changed, and now and then cut or moved."""
    out = bytearray(data)
    kinds = range(7) if rng.random() < 0.2 else (0, 1, 1, 4, 5)
    for _ in range(int(rng.integers(1, 5))):
        if not out:
            break
        # Damage near the start, where the structure is, is the more telling.
        span = len(out) if rng.random() < 0.5 else min(len(out), 2000)
        at, length = int(rng.integers(span)), int(rng.integers(1, 17))
        match pick(rng, kinds):
            case 0:
                out[at] ^= 1 << int(rng.integers(8))
            case 1:
                out[at] = int(pick(rng, (0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256)))))
            case 2:
                del out[at : at + length]
            case 3:
                out[at:at] = out[at : at + length]
            case 4:
                out[at : at + length] = bytes(length)
            case 5:
                out[at : at + 8] = b"\xff" * 8
            case _:
                if rng.random() < 0.3:
                    del out[at:]
    return bytes(out)


def text_changed(data: bytes, rng: Rng) -> bytes:
    """Return a text with lines duplicated, deleted, swapped, and tokens replaced."""
    lines = data.split(b"\n")
    for _ in range(int(rng.integers(1, 6))):
        at = int(rng.integers(len(lines)))
        match int(rng.integers(8)):
            case 0:
                lines.insert(at, lines[at])
            case 1 if len(lines) > 1:
                del lines[at]
            case 2:
                other = int(rng.integers(len(lines)))
                lines[at], lines[other] = lines[other], lines[at]
            case 3 if rng.random() < 0.05:
                lines[at:at] = [lines[at]] * 2000
            case _:
                lines[at] = _token_replaced(lines[at], rng)
    out = b"\n".join(lines)
    return bytes_changed(out, rng) if rng.random() < 0.15 else out


def _token_replaced(line: bytes, rng: Rng) -> bytes:
    tokens = list(re.finditer(rb"[0-9]+(?:\.[0-9]+)?|[A-Za-z_]+|\S+", line))
    if not tokens:
        return line
    found = pick(rng, tokens)
    new = pick(rng, NUMBERS if found[0][:1].isdigit() or rng.random() < 0.5 else WORDS)
    return line[: found.start()] + new.encode("utf-8", "surrogatepass") + line[found.end() :]


def csv_changed(data: bytes, rng: Rng) -> bytes:
    """Return a table with cells, rows and columns replaced, repeated, dropped or unbalanced."""
    if rng.random() < 0.25:
        return text_changed(data, rng)
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")))
    for _ in range(int(rng.integers(1, 5))):
        row = pick(rng, rows) if rows else []
        if not row:
            continue
        # Mostly what stands under the names: a table without its columns is soon refused.
        if row is rows[0] and rng.random() < 0.8:
            row = pick(rng, rows)
        at = int(rng.integers(len(row))) if row else 0
        match int(rng.integers(9)):
            case 0:
                rows.insert(int(rng.integers(len(rows))), list(row))
            case 1 if len(rows) > 1:
                rows.remove(row)
            case 2 if row:
                row.insert(at, row[at])
            case 3 if row:
                del row[at]
            case 4:
                row.extend(["x"] * 50)
            case _ if row:
                row[at] = pick(rng, NUMBERS if rng.random() < 0.5 else WORDS)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    out = text.getvalue().encode("utf-8", "surrogatepass")
    return out.replace(b'"', b"", 1) if rng.random() < 0.05 else out


def json_changed(data: bytes, rng: Rng) -> bytes:
    """Return JSON with nodes replaced, removed or repeated, or with text JSON does not allow."""
    kind = rng.random()
    if kind < 0.15:
        return bytes_changed(data, rng)
    if kind < 0.17:
        at = int(rng.integers(len(data)))
        return data[:at] + DEEP + data[at:]
    value = value_changed(json.loads(data), rng)
    text = json.dumps(value, indent=1)
    if rng.random() < 0.1:  # a key twice, with two values
        again = pick(rng, NUMBERS)
        pattern = r'("[^"]+": )([^,\n{\[]+)'
        text = re.sub(pattern, lambda m: f"{m[0]}, {m[1]}{again}", text, count=1)
    if rng.random() < 0.1:
        numbers = list(re.finditer(r"-?\d+\.?\d*", text))
        if numbers:
            found = pick(rng, numbers)
            text = text[: found.start()] + pick(rng, NUMBERS) + text[found.end() :]
    return text.encode("utf-8", "surrogatepass")


def value_changed(value: Any, rng: Rng) -> Any:
    """Return parsed JSON with a few nodes replaced, removed or repeated."""
    value = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        path = pick(rng, _nodes(value)[1:] or [()])
        if not path:
            return pick(rng, STRANGE)
        parent = value
        for key in path[:-1]:
            parent = parent[key]
        chance = rng.random()
        if chance < 0.25 and isinstance(parent, dict):
            del parent[path[-1]]
        elif chance < 0.35 and isinstance(parent, list):
            parent.insert(path[-1], copy.deepcopy(parent[path[-1]]))
        else:
            parent[path[-1]] = copy.deepcopy(pick(rng, STRANGE))
    return value


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every node inside parsed JSON."""
    found = [path]
    if isinstance(value, dict | list):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in children:
            found.extend(_nodes(child, (*path, key)))
    return found


def npy_changed(data: bytes, rng: Rng) -> bytes:
    """Return an ``.npy`` file with another type, order or shape in its header."""
    if rng.random() < 0.3:
        return bytes_changed(data, rng)
    length = int.from_bytes(data[8:10], "little")
    header = data[10 : 10 + length].decode("latin-1")
    match int(rng.integers(5)):
        case 0:
            kinds = ("|O", "<f8", "<i4", "|S7", "<U1000000", "<m8", "V0", ">f4", "|b1", "<c16")
            header = re.sub(r"'descr': '[^']*'", f"'descr': '{pick(rng, kinds)}'", header)
        case 1:
            number = pick(rng, NUMBERS)
            header = re.sub(r"\d+,", lambda _: f"{number},", header, count=1)
        case 2:
            header = re.sub(r"\([^)]*\)", pick(rng, ("()", "(0,)", "(-1,)", "(1000000000000,)",
                            "(2,) * 40", "(10**6, 10**6)", "(" * 300)), header)  # fmt: skip
        case 3:
            header = header.replace("False", pick(rng, ("True", "0", "'x'", "[" * 200)))
        case _:
            header = text_changed(header.encode("latin-1"), rng).decode("latin-1", "replace")
    text = header.encode("latin-1", "replace")
    return data[:8] + (len(text) & 0xFFFF).to_bytes(2, "little") + text + data[10 + length :]


def json_or_npy_changed(changed: Path, data: bytes, rng: Rng) -> bytes:
    """Return what a file becomes that is one or the other by its name."""
    return (json_changed if changed.suffix == ".json" else npy_changed)(data, rng)


def words_changed(data: bytes, rng: Rng) -> bytes:
    """Return 16-bit words (annotation files) with codes, distances and notes changed."""
    if rng.random() < 0.4:
        return bytes_changed(data, rng)
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        if len(out) < 4:
            break
        at = int(rng.integers(len(out) // 2)) * 2
        code = int(pick(rng, (0, 1, 22, 28, 39, 40, 59, 59, 60, 61, 62, 63)))
        value = int(pick(rng, (0, 1, 3, 255, 1023)))
        word = (value | code << 10).to_bytes(2, "little")
        match int(rng.integers(4)):
            case 0:
                out[at : at + 2] = word
            case 1:
                out[at:at] = word
            case 2:
                out[at:at] = (59 << 10).to_bytes(2, "little") + pick(
                    rng, (b"\xff\x7f\xff\xff", b"\x00\x80\x00\x00", b"\xff\xff\xff\xff")
                )
            case _:
                del out[at : at + 2]
    return bytes(out)
