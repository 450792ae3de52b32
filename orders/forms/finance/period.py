"""The period of the overview, its step and its currency, in the address."""

from datetime import date, datetime

from django.http import QueryDict

from orders.models import Merchant
from orders.services.finance import periods
from orders.services.finance.periods import PRESETS, STEPS, Period
from orders.storable import storable

PERIOD, STEP, CURRENCY = "period", "by", "currency"
FROM, TO = "period_from", "period_to"  # as the menu sends two days


def canonical_address(given: QueryDict) -> QueryDict:
    """The address that asks for the same and carries only what is set."""
    asked = QueryDict(mutable=True)
    first, last = (given.get(name, "").strip() for name in (FROM, TO))
    said = f"{first or last}..{last or first}" if first or last else given.get(PERIOD, "")
    for name, value in ((PERIOD, said), (STEP, given.get(STEP, "")), (CURRENCY, given.get(CURRENCY, ""))):
        if value and (name, value) != (PERIOD, periods.USUAL):
            asked[name] = storable(value)[:40]
    return asked


class PeriodForm:
    """What is asked for; `problem` says what is wrong with it, and then the usual period is shown."""

    presets = list(PRESETS.items())
    steps = list(STEPS.items())

    def __init__(self, address: QueryDict, merchant: Merchant, now: datetime) -> None:
        zone = merchant.zone
        today: date = now.astimezone(zone).date()
        self.said, self.problem = str(address.get(PERIOD, "")), ""
        try:
            self.period: Period = periods.read(self.said or periods.USUAL, zone, today)
        except ValueError as error:
            self.problem = str(error)
            self.period = periods.read(periods.USUAL, zone, today)
        self.step = periods.step_of(self.period, str(address.get(STEP, "")))
        self.currency = str(address.get(CURRENCY, "")).upper()

    @property
    def words(self) -> str:
        """`Last month`, or the days."""
        name = self.said or periods.USUAL
        return PRESETS.get(name, str(self.period)) if not self.problem else PRESETS[periods.USUAL]

    @property
    def span_days(self) -> list[str]:
        return [self.period.first.isoformat(), self.period.last.isoformat()]

    @property
    def days_chosen(self) -> str:
        """The days, where somebody chose them instead of a preset."""
        return "" if self.words in PRESETS.values() else self.words

    @property
    def step_words(self) -> str:
        return STEPS[self.step]

    @property
    def may_step(self) -> list[tuple[str, str]]:
        """The steps of which a chart has room."""
        return [(step, words) for step, words in self.steps if periods.step_of(self.period, step) == step]
