import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from orders.models.merchants import MODE_CHOICES


class SavedView(models.Model):
    """A list of orders that somebody gave a name, for themselves or for the team.

    `query` is the address of the list without the page: its conditions and its order. It is read anew each time, so
    that what no list knows any more stands in it as broken.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    merchant = models.ForeignKey("orders.Merchant", models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=MODE_CHOICES)
    author = models.ForeignKey("orders.User", models.PROTECT, related_name="+")
    shared = models.BooleanField()
    name = models.CharField(max_length=60)
    query = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "merchant", "mode", "author", Lower("name"), condition=Q(shared=False), name="one_own_view_of_a_name"
            ),
            models.UniqueConstraint(
                "merchant", "mode", Lower("name"), condition=Q(shared=True), name="one_view_of_the_team_of_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name
