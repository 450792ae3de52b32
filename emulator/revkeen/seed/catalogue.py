"""What the two merchants sell. Prices are US cents; the other currencies follow from them."""

from __future__ import annotations

CURRENCIES = ("usd", "eur", "gbp", "jpy", "kwd")

# Minor units per US cent, and the step that prices are rounded to.
_RATES = {"usd": (1.0, 1), "eur": (0.92, 5), "gbp": (0.79, 5), "jpy": (1.5, 10), "kwd": (3.07, 50)}

# name, price in US cents, how it is handed over
Item = tuple[str, int, str]

NORTHWIND: tuple[Item, ...] = (
    ("Chai, 48 tea bags", 1850, "physical"), ("Assam loose leaf, 500 g", 2490, "physical"),
    ("Darjeeling first flush, 250 g", 3875, "physical"), ("Espresso beans, 1 kg", 2195, "physical"),
    ("Decaf filter coffee, 1 kg", 2050, "physical"), ("Drinking chocolate, 12 × 300 g", 5400, "physical"),
    ("Aniseed syrup, 12 × 550 ml", 9960, "physical"), ("Elderflower cordial, 6 × 500 ml", 3780, "physical"),
    ("Cajun seasoning, 48 × 6 oz jars", 10560, "physical"), ("Smoked paprika, 1 kg", 2275, "physical"),
    ("Saffron threads, 10 g", 6450, "physical"), ("Black peppercorns, 2 kg", 3120, "physical"),
    ("Sea salt flakes, 12 × 250 g", 4190, "physical"), ("Boysenberry spread, 12 × 8 oz", 30000, "physical"),
    ("Seville orange marmalade, 30 × 350 g", 24300, "physical"), ("Raw honey, 5 kg", 7450, "physical"),
    ("Maple syrup, 24 × 500 ml", 68400, "physical"), ("Cranberry sauce, 12 × 12 oz", 48000, "physical"),
    ("Dried pears, 50 × 1 lb", 150000, "physical"), ("Medjool dates, 5 kg", 8890, "physical"),
    ("Tofu, 40 × 100 g", 93000, "physical"), ("Soba noodles, 10 kg", 4830, "physical"),
    ("Ravioli, 24 × 250 g", 46800, "physical"), ("Gnocchi, 24 × 250 g", 91200, "physical"),
    ("Basmati rice, 20 kg", 5640, "physical"), ("Red lentils, 10 kg", 2980, "physical"),
    ("Olive oil, extra virgin, 5 l", 6725, "physical"), ("Sherry vinegar, 6 × 750 ml", 4425, "physical"),
    ("Kalamata olives, 10 kg", 8360, "physical"), ("Sun-dried tomatoes, 3 kg", 4975, "physical"),
    ("Mascarpone, 24 × 200 g", 76800, "physical"), ("Manchego, whole wheel, 3 kg", 11450, "physical"),
    ("Aged cheddar, 5 kg block", 9380, "physical"), ("Camembert, 15 × 300 g", 51000, "physical"),
    ("Pavlova, 32 × 500 g", 55840, "physical"), ("Scones, 24 packs of 4", 24000, "physical"),
    ("Shortbread, 10 boxes", 12500, "physical"), ("Rye crispbread, 24 × 500 g", 21600, "physical"),
    ("Herring in mustard, 12 tins", 11400, "physical"), ("Smoked salmon, 10 × 200 g", 14350, "physical"),
    ("Sardines, 48 tins", 16320, "physical"), ("Kombu, 1 kg", 6000, "physical"),
    ("Gift hamper, small", 5900, "physical"), ("Gift hamper, large", 14900, "physical"),
    ("Wooden crate, branded", 1250, "physical"), ("Tasting glasses, set of 6", 3400, "physical"),
    ("Market umbrella, 3 m", 28900, "physical"), ("Pallet display stand", 45000, "physical"),
    ("Cold-chain packing, per parcel", 1450, "physical"), ("Sample box, seasonal", 0, "physical"),
    ("Food safety handbook (PDF)", 2900, "digital"), ("Importer's price list, yearly (PDF)", 9900, "digital"),
    ("Label design templates", 4900, "digital"), ("Allergen data feed, monthly", 7900, "digital"),
    ("Pallet delivery, next day", 8500, "none"), ("Customs clearance", 12000, "none"),
    ("Tasting workshop, half a day", 65000, "none"), ("Trade account set-up", 2500, "none"),
    ("Pantry box, monthly subscription", 4900, "physical"), ("Coffee club, monthly subscription", 3200, "physical"),
)  # fmt: skip

KESTREL: tuple[Item, ...] = (
    ("Ridgeline 2 tent, two persons", 34900, "physical"), ("Ridgeline 4 tent, four persons", 52900, "physical"),
    ("Footprint for Ridgeline 2", 4900, "physical"), ("Tarp, 3 × 4 m", 8900, "physical"),
    ("Down sleeping bag, −7 °C", 27900, "physical"), ("Synthetic sleeping bag, 5 °C", 11900, "physical"),
    ("Silk liner", 5900, "physical"), ("Inflatable mat, regular", 12900, "physical"),
    ("Inflatable mat, long wide", 15900, "physical"), ("Foam mat, folding", 3900, "physical"),
    ("Trekking pack 55 l", 21900, "physical"), ("Day pack 22 l", 9900, "physical"),
    ("Running vest 8 l", 11500, "physical"), ("Rain cover, large", 2900, "physical"),
    ("Dry bag 10 l", 1990, "physical"), ("Dry bag 35 l", 3490, "physical"),
    ("Hard-shell jacket, women's", 32900, "physical"), ("Hard-shell jacket, men's", 32900, "physical"),
    ("Down jacket, hooded", 24900, "physical"), ("Fleece, half zip", 7900, "physical"),
    ("Merino base layer, long sleeve", 8900, "physical"), ("Merino socks, 3 pairs", 4500, "physical"),
    ("Trekking trousers", 10900, "physical"), ("Wind shirt", 9500, "physical"),
    ("Approach shoe, leather", 16900, "physical"), ("Mountain boot, B2", 29900, "physical"),
    ("Trail shoe", 13900, "physical"), ("Gaiters", 4900, "physical"),
    ("Single rope 9.5 mm, 60 m", 19900, "physical"), ("Half ropes 8.1 mm, 2 × 60 m", 31900, "physical"),
    ("Harness, alpine", 6900, "physical"), ("Harness, sport", 7900, "physical"),
    ("Quickdraws, set of 6", 9900, "physical"), ("Belay device, assisted", 8900, "physical"),
    ("Locking carabiner, pear", 1690, "physical"), ("Sling 120 cm", 990, "physical"),
    ("Helmet", 7500, "physical"), ("Ice axe, walking", 9900, "physical"),
    ("Crampons, strap-on", 14900, "physical"), ("Avalanche transceiver", 36900, "physical"),
    ("Avalanche probe 240 cm", 6900, "physical"), ("Snow shovel, aluminium", 5900, "physical"),
    ("Canister stove", 5490, "physical"), ("Liquid-fuel stove", 15900, "physical"),
    ("Titanium pot 900 ml", 5900, "physical"), ("Water filter, squeeze", 4490, "physical"),
    ("Bottle 1 l", 1590, "physical"), ("Freeze-dried meal, lentil dal", 890, "physical"),
    ("Freeze-dried meal, porridge", 690, "physical"), ("Head torch 400 lm", 6490, "physical"),
    ("Trekking poles, carbon", 14900, "physical"), ("First-aid kit", 3490, "physical"),
    ("Sticker pack", 0, "physical"), ("Route map bundle (GPX)", 1900, "digital"),
    ("Avalanche course, online", 7900, "digital"), ("Gear care guide (PDF)", 0, "digital"),
    ("Ski service", 4500, "none"), ("Boot fitting", 6000, "none"),
    ("Guided summit day", 39500, "none"), ("Trail club, monthly subscription", 1490, "physical"),
)  # fmt: skip

ITEMS = {"northwind": NORTHWIND, "kestrel": KESTREL}


def price_in(currency: str, us_cents: int) -> int:
    """Minor units of `currency`."""
    rate, step = _RATES[currency]
    return round(us_cents * rate / step) * step
