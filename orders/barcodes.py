"""Code 128, for numbers on paper that a scanner shall read, as one path: our headers refuse inline styles.

The bars are from python-barcode's table. How a text becomes values is ours, in subset B alone, because the library
drops digits where it changes subsets: of 9912 it draws 12.
"""

from dataclasses import dataclass

from barcode.charsets import code128 as table  # type: ignore[import-untyped]

START_B = 104
QUIET = 10  # modules of white that the standard asks for on either side
MODULE_MM = 0.375  # width of the narrowest bar: a cheap printer draws it, a hand scanner reads it
WIDEST = 480  # modules with their quiet zones: 180 mm, between the margins of A4 and Letter


@dataclass(frozen=True)
class Bars:
    """The dark bars as a path in a box of `width` modules by 1, quiet zones included."""

    width: int
    path: str

    @property
    def millimetres(self) -> str:
        return f"{self.width * MODULE_MM:g}mm"


def code128(text: str) -> Bars | None:
    """None for what Code 128 cannot hold (it knows ASCII alone), or what is too long for the width of a page."""
    if not text or not text.isascii() or not text.isprintable():
        return None
    modules = _modules([START_B, *(ord(sign) - ord(" ") for sign in text)])
    width = len(modules) + 2 * QUIET
    return Bars(width, _path(modules)) if width <= WIDEST else None


def _modules(values: list[int]) -> str:
    check = sum(value * max(1, place) for place, value in enumerate(values)) % 103
    return "".join(table.CODES[value] for value in (*values, check)) + table.STOP + "11"


def _path(modules: str) -> str:
    """`modules`: a 1 for each dark module, a 0 for each white one."""
    path, at = "", QUIET
    for run in modules.replace("10", "1 0").replace("01", "0 1").split():
        if run[0] == "1":
            path += f"M{at} 0h{len(run)}v1h-{len(run)}z"
        at += len(run)
    return path
