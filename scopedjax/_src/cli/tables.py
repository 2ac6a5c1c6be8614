"""Plain text for people: columns, sizes, counts. No colours, so that a pipe gets what a terminal shows."""

from __future__ import annotations

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = (), indent: str = "") -> str:
    """Rows as lines, with columns below each other.

    Args:
      rows: The cells; all rows are of one length.
      right: Columns that are set to the right: numbers.
      indent: What each line begins with.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[str] = []
    for row in rows:
        cells = [
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def bytes_text(count: int) -> str:
    """A number of bytes: 407,080 bytes (397.5 KiB)."""
    size, unit = float(count), ""
    for unit in ("", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{count:,} bytes" + (f" ({size:.1f} {unit})" if unit else "")


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 tensor, 2,000 tensors."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def shape_text(shape: Sequence[int | None] | None) -> str:
    """A shape: [784, 10], [?, 784], or <unknown>."""
    return "<unknown>" if shape is None else f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def visible(text: str) -> str:
    """A name from a file, with nothing in it that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
