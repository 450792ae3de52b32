"""What may be asked of the journal. Kinds come one by one or as a group, so that a link can ask for all about keys."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from orders.forms.fields.days import DaysForm
from orders.models import EventLog, Merchant, Operation, User
from orders.services.changes.journal_list import Position, Wanted
from orders.states import OPERATION_STATES

Event = EventLog.Kind

ORDERS = "orders"
GROUPS: dict[str, tuple[str, tuple[Event, ...]]] = {
    "keys": (
        "Keys",
        (
            Event.KEY_ADDED,
            Event.KEY_REFUSED,
            Event.KEY_ACTIVATED,
            Event.KEY_SWITCHED_OFF,
            Event.KEY_RENAMED,
            Event.KEY_REMOVED,
            Event.WEBHOOKS_ON,
            Event.WEBHOOK_SECRET,
            Event.WEBHOOKS_OFF,
        ),
    ),
    "members": (
        "Members",
        (Event.INVITED, Event.INVITATION_WITHDRAWN, Event.MEMBER_JOINED, Event.MEMBER_CHANGED, Event.MEMBER_REMOVED),
    ),
    "sign_ins": (
        "Signing in",
        (
            Event.SIGNED_IN,
            Event.SIGNED_OUT,
            Event.SIGN_IN_FAILED,
            Event.PASSWORD_RESET_ASKED,
            Event.PASSWORD_CHANGED,
            Event.MFA_CHANGED,
        ),
    ),
    "shipments": (
        "Shipments",
        (
            Event.UNITS_GIVEN_UP,
            Event.SHIPMENT_CORRECTED,
            Event.SHIPMENT_STATUS,
            Event.PARTNER_UPDATE_SENT_AGAIN,
            Event.PARTNER_UPDATE_STOPPED,
            Event.PARTNER_UPDATE_RELEASED,
            Event.REVKEEN_KNOWS,
            Event.PARTNER_IDS,
            Event.SHIPPED_UNCOUNTED,
        ),
    ),
    "handling": (
        "Holds, tags and batches",
        (
            Event.ORDER_HELD,
            Event.HOLD_RELEASED,
            Event.ORDER_TAGGED,
            Event.ORDER_ASSIGNED,
            Event.PRIORITY_SET,
            Event.BATCH_CREATED,
            Event.BATCH_PRINTED,
        ),
    ),
    "jobs": ("Jobs", (Event.JOB_APPLIED, Event.JOB_STOPPED)),
    "decisions": ("Decisions", (Event.DECIDED, Event.DECISION_CONTRADICTED, Event.CONTRADICTION_CLOSED)),
    "approvals": (
        "Limits and approval",
        (
            Event.LIMITS_CHANGED,
            Event.APPROVAL_ASKED,
            Event.APPROVAL_GIVEN,
            Event.APPROVAL_DECLINED,
            Event.APPROVAL_WITHDRAWN,
            Event.APPROVAL_EXPIRED,
        ),
    ),
    "finance": (
        "Finance",
        (
            Event.SIGNED_OFF,
            Event.REVIEW_ASSIGNED,
            Event.MONTH_SIGNED,
            Event.MONTH_CLOSED,
            Event.MONTH_DECLINED,
        ),
    ),
    "others": ("Other", (Event.MERCHANT_CHANGED, Event.INDEX_REBUILT, Event.EXPORTED, Event.REFUSED)),
}
KINDS: list[Any] = [
    ("", "any kind"),
    ("Changes of orders", [(ORDERS, "All changes of orders"), *Operation.Kind.choices]),
    *(
        (name, [(group, f"All of “{name}”"), *((kind.value, kind.label) for kind in kinds)])
        for group, (name, kinds) in GROUPS.items()
    ),
]
KIND_WORDS = {value: words for _, group in KINDS[1:] for value, words in group}
OPEN_FIRST = (Operation.State.NEEDS_REVIEW, *(state for state in OPERATION_STATES if state != "needs_review"))
STATES = {state.value: OPERATION_STATES[state].word for state in OPEN_FIRST}


class PositionField(forms.Field):
    def to_python(self, value: Any) -> Position | None:
        try:
            return Position.read(value) if value else None
        except ValueError as error:
            raise forms.ValidationError("This page link is invalid. Start at the first page.") from error


class JournalFilter(DaysForm):
    person = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    kind = forms.ChoiceField(choices=KINDS, required=False)
    state = forms.ChoiceField(choices=[("", "All"), *STATES.items()], required=False)
    order = forms.CharField(label="Order number or id", required=False, max_length=100)
    after = PositionField(required=False)
    before = PositionField(required=False)

    def __init__(self, data: Any, *, zone: ZoneInfo, people: list[User]) -> None:
        super().__init__(data, zone=zone)
        self.people = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("after") and cleaned.get("before"):
            self.add_error("after", "This page link is invalid. Start at the first page.")
        return cleaned

    def wanted(self, merchant: Merchant, mode: str, only_of: int | None) -> Wanted:
        """`only_of` is the person who may not see what others did."""
        cleaned = self.cleaned_data
        operation_kinds, event_kinds = _kinds(cleaned["kind"])
        return Wanted(
            merchant,
            mode,
            only_of=only_of,
            person=cleaned["person"],
            order=cleaned["order"],
            operation_kinds=operation_kinds,
            event_kinds=event_kinds,
            state=cleaned["state"],
            start=self.start,
            end=self.end,
            oldest_first=self.needs_someone,
        )

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for that *Reset* would take away, valid or not; the tab with the state stays."""
        return any(self.data.get(name) for name in ("kind", "person", "order", "created_from", "created_to"))

    @property
    def needs_someone(self) -> bool:
        """Whoever waits longest comes first."""
        return self.data.get("state") == Operation.State.NEEDS_REVIEW

    @property
    def person_name(self) -> str:
        chosen = self.data.get("person", "")
        return next((str(user) for user in self.people if str(user.pk) == chosen), f"person {chosen[:20]}")

    @property
    def kind_words(self) -> str:
        return KIND_WORDS.get(self.data.get("kind", ""), "")

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The set conditions as (field, words)."""
        cleaned = self.cleaned_data
        words = {
            "state": STATES.get(cleaned.get("state", ""), ""),
            "person": f"By {self.person_name}" if cleaned.get("person") else "",
            "kind": self.kind_words,
            "order": f"Order {cleaned['order']}" if cleaned.get("order") else "",
            **self.day_conditions,
        }
        return [(name, text) for name, text in words.items() if text]


def _kinds(kind: str) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Which kinds of operations and of events; None is any."""
    if not kind:
        return None, None
    if kind == ORDERS:
        return None, ()
    if kind in GROUPS:
        return (), tuple(GROUPS[kind][1])
    return ((kind,), ()) if kind in Operation.Kind.values else ((), (kind,))
