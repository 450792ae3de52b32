"""Customers: everyday ones, and those whose names break things."""

from __future__ import annotations

from dataclasses import dataclass

# name, country, city, region, postal code, street
PEOPLE: tuple[tuple[str, str, str, str | None, str, str], ...] = (
    ("Maren Oldfield", "US", "Portland", "OR", "97205", "418 SW Alder Street"),
    ("Tobias Renner", "DE", "Leipzig", None, "04109", "Käthe-Kollwitz-Straße 12"),
    ("Isla Cartwright", "GB", "Leeds", None, "LS1 4DY", "9 Wellington Place"),
    ("Hiroko Tanabe", "JP", "Sapporo", "Hokkaido", "060-0042", "3-1 Odori Nishi"),
    ("Yousef Al-Mutawa", "KW", "Kuwait City", None, "13001", "Block 4, Street 12"),
    ("Camille Durieux", "FR", "Lyon", None, "69002", "27 rue de la Charité"),
    ("Dana Whitlock", "US", "Austin", "TX", "78701", "1100 Guadalupe Street"),
    ("Oskar Lindqvist", "SE", "Göteborg", None, "411 18", "Södra Vägen 31"),
    ("Priya Ramanathan", "US", "San Jose", "CA", "95113", "60 South Market Street"),
    ("Declan Moriarty", "IE", "Galway", None, "H91 E2X4", "5 Eyre Square"),
    ("Lucía Baranda", "ES", "Bilbao", None, "48001", "Calle Ledesma 10"),
    ("Marek Sobotka", "CZ", "Brno", None, "602 00", "Orlí 36"),
    ("Aiko Morinaga", "JP", "Kyoto", "Kyoto", "604-8005", "86 Ishibashicho"),
    ("Gwen Abernathy", "GB", "Inverness", None, "IV1 1HY", "22 Academy Street"),
    ("Silvia Marchetti", "IT", "Torino", None, "10121", "Via Lagrange 7"),
    ("Noah Feldkamp", "US", "Boulder", "CO", "80302", "1942 Broadway"),
    ("Fatima Zahrani", "KW", "Salmiya", None, "22001", "Salem Al-Mubarak Street 88"),
    ("Jonas Eikeland", "NO", "Bergen", None, "5003", "Strandgaten 14"),
    ("Harriet Penhaligon", "GB", "Truro", None, "TR1 2HX", "3 River Street"),
    ("Samuel Okonjo", "US", "Atlanta", "GA", "30303", "75 Fifth Street NW"),
    ("Beatriz Salgueiro", "PT", "Porto", None, "4000-322", "Rua das Flores 55"),
    ("Lars Vestergaard", "DK", "Aarhus", None, "8000", "Åboulevarden 40"),
    ("Mei-Ling Hsiao", "US", "Seattle", "WA", "98101", "1420 Fifth Avenue"),
    ("Anouk Verbeke", "BE", "Gent", None, "9000", "Veldstraat 60"),
    ("Ruairidh Sinclair", "GB", "Fort William", None, "PH33 6AD", "41 High Street"),
    ("Elena Vasilache", "RO", "Cluj-Napoca", None, "400001", "Strada Memorandumului 8"),
    ("Caleb Thornhill", "US", "Bozeman", "MT", "59715", "24 West Main Street"),
    ("Ingrid Solheim", "NO", "Tromsø", None, "9008", "Storgata 92"),
    ("Matteo Ferrante", "IT", "Bolzano", None, "39100", "Piazza Walther 22"),
    ("Kenji Uesugi", "JP", "Nagano", "Nagano", "380-0823", "1355-5 Minamichitose"),
)

_LONG = "Wilhelmina Alexandrina Konstantia von und zu Hohenstolzenburg-Waldeckerwiesen geb. Freifrau von der Tannenhöhe"

# What each of these is for stands beside it; the list comes early among the customers of every account.
HARD_NAMES: tuple[tuple[str, str | None], ...] = (
    ("long", _LONG),
    ("two_hundred", ("Maximiliana Theodora Persephone Evangelina " * 5)[:199] + "X"),
    ("one_word_unbroken", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"),
    ("arabic", "فاطمة بنت عبد الرحمن الخالدي"),
    ("hebrew", "נועה בן־שושן"),
    ("japanese", "小野寺 さくら"),
    ("greek", "Ευαγγελία Παπακωνσταντίνου"),
    ("cyrillic", "Святослав Доброхотов"),
    ("emoji", "Robin 🏔️👩‍👩‍👧 Ashgrove"),
    ("missing", None),
    ("script", "<script>alert('name')</script>"),
    ("image", '"><img src=x onerror=alert(1)>'),
    ("formula", '=HYPERLINK("http://evil.example","Refund")'),
    ("formula_plus", "+1+cmd|' /C calc'!A0"),
    ("at", "@SUM(A1:A9)"),
    ("template", "{{ 7*7 }} ${7*7} {% csrf_token %}"),
    ("right_to_left_override", "Invoice\u202egpj.exe Receiver"),
    ("zero_width", "Zo\u200be Ze\u200dro\u2060width"),
    ("combining", "Z̸̛͖a̷̦͝l̵͕̈g̴̣̕o̸̱͐ Brandt"),
    ("quotes", 'Siobhán O\'Dálaigh "Junior" & Sons'),
    ("line_break", "First line\r\nSet-Cookie: x=1"),
    ("spaces", "   "),
)


@dataclass(frozen=True)
class Card:
    """A saved instrument: what its last four do is listed in the README."""

    last_four: str
    brand: str = "visa"
    status: str = "active"
    type: str = "card"


APPROVES = Card("1111")
DECLINES = Card("0002")
NO_FUNDS = Card("9995", "mastercard")
EXPIRED = Card("0069")
HANGS = Card("0408", "amex")
HANGS_UP = Card("0502", "discover")
CHECKING = Card("6789", "checking", type="us_bank_account")
SAVINGS = Card("4321", "savings", type="us_bank_account")
GIRO = Card("3000", "", type="bank_account")
OLD = Card("1881", "mastercard", "expired")
OFF = Card("4444", "jcb", "inactive")
ANONYMOUS = Card("", "unknown")

# The wallets of the first customers, the first card of each being the default; the rest of them get WALLETS_AFTER.
WALLETS = (
    (APPROVES, DECLINES, NO_FUNDS, EXPIRED, CHECKING),
    (DECLINES, APPROVES),
    (NO_FUNDS,),
    (EXPIRED, OLD),
    (HANGS,),
    (HANGS_UP,),
    (CHECKING, SAVINGS, OLD),
    (OLD,),
    (),
    (APPROVES, OFF, GIRO, ANONYMOUS),
)
WALLETS_AFTER = ((APPROVES,), (APPROVES, CHECKING), (APPROVES, OLD), (), (CHECKING,), (APPROVES, DECLINES))
