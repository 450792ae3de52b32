"""Above which sum a live payment or refund is typed once more, by currency: 5,000 is much in EUR and little in JPY."""

from collections.abc import Mapping

from orders.money import Money, decimal_places

# Whole units of each, all of them near 5,000 EUR. In a currency that is not here every sum is typed, until it is set.
PRESETS = {
    "AED": 20_000,
    "AUD": 8_000,
    "BRL": 30_000,
    "CAD": 8_000,
    "CHF": 5_000,
    "CNY": 40_000,
    "CZK": 125_000,
    "DKK": 37_500,
    "EUR": 5_000,
    "GBP": 4_000,
    "HKD": 45_000,
    "HUF": 2_000_000,
    "IDR": 90_000_000,
    "ILS": 20_000,
    "INR": 500_000,
    "ISK": 700_000,
    "JPY": 800_000,
    "KRW": 8_000_000,
    "KWD": 1_500,
    "MXN": 100_000,
    "MYR": 25_000,
    "NOK": 60_000,
    "NZD": 9_000,
    "PHP": 300_000,
    "PLN": 20_000,
    "RON": 25_000,
    "SAR": 20_000,
    "SEK": 55_000,
    "SGD": 7_500,
    "THB": 180_000,
    "TRY": 200_000,
    "TWD": 170_000,
    "USD": 5_000,
    "VND": 140_000_000,
    "XCG": 10_000,
    "ZAR": 100_000,
}


def above(sums: Mapping[str, int], currency: str) -> Money | None:
    """The sum above which one is typed: the merchant's own (`sums`, in whole units by currency), else the preset.

    None where every sum is typed: nobody can tell which is large.
    """
    whole = sums.get(currency, PRESETS.get(currency))
    if whole is None or decimal_places(currency) is None:
        return None
    return Money.from_major(str(whole), currency)
