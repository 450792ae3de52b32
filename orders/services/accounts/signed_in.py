"""Where a person is signed in, and how that ends elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from orders.models import EventLog, Session, User
from orders.services import audit
from orders.sessions import SIGNED_IN_AT, hashed

Kind = EventLog.Kind
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


@dataclass(frozen=True)
class Place:
    """A browser in which somebody is signed in."""

    key: str
    browser: str
    origin: str
    since: datetime | None
    seen_at: datetime
    here: bool


def places_of(user: User, session: SessionBase) -> list[Place]:
    """This browser first, then the one that was used last."""
    rows = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at")
    places = [_place(row, here=row.pk == hashed(session.session_key)) for row in rows]
    return sorted(places, key=lambda place: not place.here)


def end(user: User, key: str) -> bool:
    """Sign `user` out of one browser; whether they were signed in there."""
    ended, _ = Session.objects.filter(user=user, pk=key).delete()
    if ended:
        audit.record(Kind.SIGNED_OUT, "another browser", user=user)
    return bool(ended)


def end_everywhere(user: User) -> None:
    """In this browser too."""
    Session.objects.filter(user=user).delete()
    audit.record(Kind.SIGNED_OUT, "everywhere", user=user)


def end_others(user: User, session: SessionBase | None) -> None:
    """Sign `user` out of every browser but that of `session`, because how they sign in has changed."""
    kept = hashed(session.session_key) if session is not None else ""
    Session.objects.filter(user=user).exclude(pk=kept).delete()


def _place(row: Session, *, here: bool) -> Place:
    data = row.get_decoded()
    since = datetime.fromtimestamp(data[SIGNED_IN_AT], UTC) if SIGNED_IN_AT in data else None
    return Place(row.pk, browser_name(data.get("browser", "")), data.get("origin", ""), since, row.seen_at, here)


def browser_name(user_agent: str) -> str:
    """What a person calls it, as far as its own word tells: anybody can write anything there."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "Another browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
