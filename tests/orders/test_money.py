import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.money import CurrencyMismatch, Money, decimal_places


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(105203, "USD"), "1,052.03 USD"),
        (Money(-7780, "EUR"), "−77.80 EUR"),
        (Money(486000, "JPY"), "486,000 JPY"),
        (Money(750, "KWD"), "0.750 KWD"),
        (Money(1_000_000_000, "EUR"), "10,000,000.00 EUR"),
        (Money(0, "USD"), "0.00 USD"),
        (Money(-5, "USD"), "−0.05 USD"),
        (Money(1234, "QQQ"), "1,234 minor units QQQ"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert str(money) == text


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [("12.50", "USD", 1250), ("12", "JPY", 12), ("0.001", "KWD", 1), ("-3", "EUR", -300)],
)
def test_typed_major_units_become_minor_units(typed: str, currency: str, minor: int) -> None:
    assert Money.from_major(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency"),
    [("12.505", "USD"), ("1.5", "JPY"), ("NaN", "USD"), ("1e999999", "USD"), ("", "USD"), ("1", "QQQ")],
)
def test_what_is_no_exact_amount_is_refused_not_rounded(typed: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Money.from_major(typed, currency)


def test_currencies_are_never_added_to_each_other() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "USD") + Money(1, "EUR")


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_what_is_written_reads_back_to_the_same_amount(minor: int, currency: str) -> None:
    written = Money(minor, currency).number.replace(",", "").replace("−", "-")
    assert Money.from_major(written, currency).minor == minor
    assert len(written.partition(".")[2]) == decimal_places(currency)
