"""What was changed lately, for the card beside a page of settings."""

from dataclasses import dataclass
from datetime import datetime

from orders.models import EventLog, Merchant
from orders.services import audit

Kind = EventLog.Kind
ICONS = {
    Kind.KEY_ADDED: "plus",
    Kind.KEY_REFUSED: "x",
    Kind.KEY_ACTIVATED: "refresh",
    Kind.KEY_REMOVED: "x",
    Kind.INVITED: "mail",
    Kind.INVITATION_WITHDRAWN: "x",
    Kind.MEMBER_JOINED: "plus",
    Kind.MEMBER_REMOVED: "x",
}


@dataclass(frozen=True)
class Change:
    at: datetime
    icon: str
    what: str
    detail: str
    who: str


def recent_changes(merchant: Merchant, *kinds: EventLog.Kind, mode: str = "") -> list[Change]:
    return [
        Change(
            at=event.at,
            icon=ICONS.get(Kind(event.kind), "edit"),
            what=event.get_kind_display(),
            detail=event.text,
            who=event.user.name if event.user else event.who,
        )
        for event in audit.of_merchant(merchant, *kinds, mode=mode)
    ]
