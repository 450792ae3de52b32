"""How two SKUs or barcodes are compared, however they were typed, printed or scanned."""

LONGEST = 100  # characters of either
GTIN_LENGTHS = (8, 12, 13, 14)


def key(code: str) -> str:
    """Without spaces and case. A GTIN has all of its zeros: a scanner reads UPC 012345678905 as 0012345678905 too."""
    plain = "".join(code.split()).casefold()
    is_gtin = plain.isascii() and plain.isdigit() and len(plain) in GTIN_LENGTHS
    return plain.zfill(max(GTIN_LENGTHS)) if is_gtin else plain
