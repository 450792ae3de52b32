"""Write `orders/iso4217.py` anew from ISO 4217's own list of current currencies and funds ("list one", an XML file).

    .venv/bin/python -m scripts.currencies list-one.xml

The list is published by the ISO 4217 Maintenance Agency (SIX) at https://www.six-group.com/en/products-services/
financial-information/data-standards.html, and amended a few times a year.
"""

import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree

from scripts.stack import ROOT

TARGET = ROOT / "orders" / "iso4217.py"
HEAD = '''"""ISO 4217's current currencies, by their decimals. scripts/currencies.py writes this: no hand changes it.

What is withdrawn is not here, nor what has no minor unit (metals, units of account, codes for testing).
"""

PUBLISHED = "{published}"  # the date of the list

# How many decimals → which currencies.
BY_DECIMALS = {{
{rows}
}}
PLACES = {{code: places for places, codes in BY_DECIMALS.items() for code in codes.split()}}

# Codes of funds, which nobody pays with.
FUNDS = frozenset("{funds}".split())
'''


def main() -> None:
    TARGET.write_text(written(Path(sys.argv[1]).read_bytes()))
    print(f"{TARGET.relative_to(ROOT)} is written. Look at what changed, then run the tests.")


def written(xml: bytes) -> str:
    """The module's text for the list."""
    root = ElementTree.fromstring(xml)  # noqa: S314  (a file that somebody chose, on their own machine)
    rows = [row for row in root.iter("CcyNtry") if (row.findtext("CcyMnrUnts") or "").isdigit()]
    places = {str(row.findtext("Ccy")): int(str(row.findtext("CcyMnrUnts"))) for row in rows}
    funds = sorted({str(row.findtext("Ccy")) for row in rows if row.find("CcyNm[@IsFund]") is not None})
    by_places = [_row([code for code in sorted(places) if places[code] == count], count) for count in range(5)]
    return HEAD.format(published=root.attrib["Pblshd"], rows="\n".join(filter(None, by_places)), funds=" ".join(funds))


def _row(codes: list[str], count: int) -> str:
    lines = "\n    ".join(textwrap.wrap(" ".join(codes), 110))
    return f'    {count}: """{lines}""",' if codes else ""


if __name__ == "__main__":
    main()
