"""A form that was posted after the session had ended is kept across the sign-in: sealed, for its person, for an hour.

Every form says who had it open (`mark`, drawn with the CSRF token). Only a form with a mark of ours is kept, so
nobody can leave something here for somebody else to send. What is secret is not kept, and has to be typed again.
So is a form that was opened before an update and does not fit any more.
"""

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.http import QueryDict
from django.utils import timezone
from django.utils.crypto import salted_hmac

from orders import secrets
from orders.models import UnsentForm, User

MARK = "opened_by"  # the name of the hidden field
SALT = "orders.unsent"
MARK_LASTS = timedelta(days=2)  # longer than any session, and than a page that stays open overnight
KEPT_FOR = timedelta(hours=1)
MOST_KEPT = 20  # for one person; each is as large as the largest form at most
SECRET = {"password", "password1", "password2", "oldpassword", "repeated", "key", "token", "code", "credential"}
NOT_TYPED = {MARK, "csrfmiddlewaretoken", "step_up"}
OUTDATED = {"form_token"}  # of an earlier release: the page's own takes its place


@dataclass(frozen=True)
class Unsent:
    id: uuid.UUID
    path: str  # it was posted to
    data: QueryDict
    left_out: list[str]  # the names of the secrets that have to be typed again
    outdated: bool  # it was opened before an update


def person(user: User) -> str:
    """What a page calls its person, to notice that another one has signed in since. It names nobody."""
    return salted_hmac(f"{SALT}.person", str(user.pk)).hexdigest()[:16]


def mark(user: User) -> str:
    return signing.TimestampSigner(salt=SALT).sign(str(user.pk))


def marked(text: str) -> int | None:
    """The primary key of the person who had the form open; None where no mark of ours says."""
    try:
        return int(signing.TimestampSigner(salt=SALT).unsign(text, max_age=MARK_LASTS))
    except (signing.BadSignature, ValueError):
        return None


def keep(path: str, data: QueryDict, secret: Collection[str] = (), *, outdated: bool = False) -> UnsentForm | None:
    """Keep what was typed for the person whose mark it carries; None without a mark."""
    whose = marked(str(data.get(MARK, "")))
    person = User.objects.filter(pk=whose, is_active=True).first() if whose is not None else None
    if person is None:
        return None
    kept, left_out = data.copy(), []
    for name in list(kept):
        if name in SECRET or name in secret:
            left_out += [name] if any(kept.pop(name)) else []
        elif name in NOT_TYPED or (outdated and name in OUTDATED):
            kept.pop(name)
    _make_room(person)
    form = UnsentForm(user=person)
    content = {"path": path, "data": list(kept.lists()), "left_out": left_out, "outdated": outdated}
    form.sealed = secrets.seal(json.dumps(content), _owner(form))
    form.save()
    return form


def find(form_id: str, user: User) -> Unsent | None:
    """What was kept for this person under that id; None for anybody else, and once the hour is over."""
    try:
        since = timezone.now() - KEPT_FOR
        form = UnsentForm.objects.get(pk=uuid.UUID(form_id), user=user, kept_at__gte=since)
        kept = json.loads(secrets.unseal(form.sealed, _owner(form)))
    except (ValueError, UnsentForm.DoesNotExist, secrets.Unreadable):
        return None
    data = QueryDict(mutable=True)
    for name, values in kept["data"]:
        data.setlist(name, values)
    return Unsent(form.pk, kept["path"], data, kept["left_out"], kept.get("outdated", False))


def _make_room(person: User) -> None:
    UnsentForm.objects.filter(kept_at__lt=timezone.now() - KEPT_FOR).delete()
    newest = UnsentForm.objects.filter(user=person).order_by("-kept_at").values_list("pk", flat=True)
    UnsentForm.objects.filter(pk__in=list(newest[MOST_KEPT - 1 :])).delete()


def _owner(form: UnsentForm) -> str:
    return f"unsent-form:{form.user_id}:{form.pk}"
