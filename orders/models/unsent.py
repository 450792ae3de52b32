import uuid

from django.db import models


class UnsentForm(models.Model):
    """What a person had typed into a form that met the sign-in: nothing of it was sent.

    `sealed` opens for its person alone and is kept for an hour (orders/services/accounts/unsent.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey("orders.User", models.CASCADE, related_name="+")
    sealed = models.TextField()
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-kept_at"], name="unsent_forms_by_person")]
