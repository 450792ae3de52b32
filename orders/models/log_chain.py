"""The hash chain over the event log and the journal: what was written once is found out when somebody changes it."""

from django.db import models
from django.db.models.functions import Now


class Fact(models.TextChoices):
    """What a link vouches for. An operation has two: what was asked of RevKeen, and what became of it."""

    EVENT = "event", "Event"
    ASKED = "asked", "Operation, as asked"
    ENDED = "ended", "Operation, as ended"


class Unchained(models.Model):
    """A fact that has no link yet. Triggers write it in the transaction of the fact itself (migration `log_chain`).

    A queue, and not the link at once: writing a link means waiting for the link before it, and a person who takes a
    payment must not wait for everybody else who signs in.
    """

    fact = models.CharField(max_length=5, choices=Fact)
    row = models.CharField(max_length=36)  # the id of the event or operation, as text


class ChainLink(models.Model):
    """One fact in its place: `link` is the hash of the link before it and of the digest of the row as it was then.

    Append-only, as what it vouches for.
    """

    position = models.PositiveBigIntegerField(primary_key=True)
    fact = models.CharField(max_length=5, choices=Fact)
    row = models.CharField(max_length=36)
    version = models.PositiveSmallIntegerField()  # which columns the digest is of (services/log_chain.py)
    digest = models.CharField(max_length=64)
    link = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fact", "row"], name="one_link_per_fact")]


class ChainHead(models.Model):
    """The newest link of a day, signed with a key that is not in the database. Append-only."""

    day = models.DateField(unique=True)  # UTC
    position = models.PositiveBigIntegerField()
    link = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)
    signed_at = models.DateTimeField(db_default=Now())
