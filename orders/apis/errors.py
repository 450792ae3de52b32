"""What can become of a call to a remote API, in the words that decide what may be said and done next.

`NotSent`: the API got nothing from us. `Refused`: it got the call and said no. `InDoubt`: it may have done it.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class ApiError(Exception):
    """`str()` is a sentence for staff; it never holds a key, a body or anything the API sent unbounded.

    `{provider}` in a text stands for whom we called, which is RevKeen unless `named` says else.
    """

    provider = "RevKeen"
    heading = "{provider} does not answer."
    page_status = 503  # of a page that has nothing to show without this call
    request_id = ""
    about_the_key = False  # a new or better key would help

    def __str__(self) -> str:
        return super().__str__().replace("{provider}", self.provider)

    @property
    def title(self) -> str:
        return self.heading.replace("{provider}", self.provider)


class NotSent(ApiError):
    """Nothing left this house, or nothing was accepted: no connection, too many calls, no free place."""


class RateLimited(NotSent):
    heading = "{provider} asks us to wait."

    def __init__(self, wait: float, *, answered: bool = False) -> None:
        super().__init__(f"There were too many calls; the next one goes out in {round(wait)} s.")
        self.wait = wait  # seconds
        self.answered = answered  # a call went out, and this was the answer


class Busy(NotSent):
    """All places that this connection may take at once are taken."""

    heading = "{provider} is slow, and many pages wait for it."


class NotConnected(NotSent):
    """There is no active key for this merchant and mode."""

    heading = "{provider} is not connected."
    about_the_key = True


class InDoubt(ApiError):
    """The call went out, and no answer came that says what became of it.

    `status` is that of an answer of 5xx, or of a 4xx that is not the API's own, else 0; `replayed` says that the API
    stored it and will repeat it.
    """

    def __init__(self, message: str, *, status: int = 0, replayed: bool = False) -> None:
        super().__init__(message)
        self.status, self.replayed = status, replayed


class NotUnderstood(InDoubt):
    """An answer came, whole and in JSON, and it is not what the call should get. `body` has it as it was sent."""

    heading = "{provider}’s answer could not be read."

    def __init__(self, message: str, body: bytes = b"") -> None:
        super().__init__(message)
        self.body = body


class Refused(ApiError):
    """The API answered 4xx; to a change in its own, documented words.

    Decide by class, `status` and `code`; `message` may change at any time.
    """

    heading = "{provider} refused."
    page_status = 400

    def __init__(self, status: int, code: str = "", message: str = "", param: str = "", request_id: str = "") -> None:
        super().__init__(f"{{provider}} said: {message}" if message else "{provider} gave no reason.")
        self.status, self.code, self.message, self.param = status, code, message, param
        self.request_id = request_id


class KeyRefused(Refused):
    """401: the key is wrong, revoked or of the other environment."""

    heading = "{provider} refused this merchant’s key."
    page_status = 503
    about_the_key = True


class ScopeMissing(Refused):
    """403: the key is good, and not allowed to do this."""

    heading = "This merchant’s key may not read this."
    page_status = 503
    about_the_key = True


class Missing(Refused):
    """404: no such thing, or not visible to this key."""


@contextmanager
def named(provider: str) -> Iterator[None]:
    """Errors raised in here name this provider, as in `Digital River`. A decorator too."""
    try:
        yield
    except ApiError as error:
        error.provider = provider
        raise
