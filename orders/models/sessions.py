from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone


class Session(AbstractBaseSession):
    """Somebody's browser. Its key here is the hash of the one in the cookie: who reads the table is nobody."""

    user = models.ForeignKey("orders.User", models.CASCADE, null=True, related_name="sessions")
    seen_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from orders.sessions import SessionStore  # which needs this model

        return SessionStore
