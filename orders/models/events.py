from django.db import models

from orders.models.merchants import MODE_CHOICES, Merchant


class EventLog(models.Model):
    """What happened around orders rather than to them: sign-ins, keys, members, exports, refused attempts.

    Append-only: triggers on both engines refuse every change and every removal (migration 0002).
    """

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", "Signed in"
        SIGNED_OUT = "signed_out", "Signed out"
        SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
        PASSWORD_RESET_ASKED = "password_reset_asked", "Password reset asked for"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        MFA_CHANGED = "mfa_changed", "Second factor changed"
        KEY_ADDED = "key_added", "Key added"
        KEY_REFUSED = "key_refused", "Key not saved"
        KEY_ACTIVATED = "key_activated", "Key made active"
        KEY_SWITCHED_OFF = "key_switched_off", "Key switched off"
        KEY_RENAMED = "key_renamed", "Key renamed"
        KEY_REMOVED = "key_removed", "Key removed"
        WEBHOOKS_ON = "webhooks_on", "Webhooks set up"
        WEBHOOK_SECRET = "webhook_secret", "Webhook secret replaced"
        WEBHOOKS_OFF = "webhooks_off", "Webhooks switched off"
        INDEX_REBUILT = "index_rebuilt", "Index rebuilt"
        MERCHANT_CHANGED = "merchant_changed", "Merchant changed"
        PARTNER_IDS = "partner_ids", "Partners’ ids typed"
        INVITED = "invited", "Invited"
        INVITATION_WITHDRAWN = "invitation_withdrawn", "Invitation withdrawn"
        MEMBER_JOINED = "member_joined", "Joined"
        MEMBER_CHANGED = "member_changed", "Roles changed"
        MEMBER_REMOVED = "member_removed", "Member removed"
        EXPORTED = "exported", "Exported"
        DECIDED = "decided", "Outcome decided"
        DECISION_CONTRADICTED = "decision_contradicted", "Decision contradicted"
        CONTRADICTION_CLOSED = "contradiction_closed", "Contradiction closed"
        SHIPMENT_CORRECTED = "shipment_corrected", "Shipment corrected"
        SHIPMENT_STATUS = "shipment_status", "Shipment status set"
        PARTNER_UPDATE_SENT_AGAIN = "partner_update_sent_again", "Partner update sent again"
        PARTNER_UPDATE_STOPPED = "partner_update_stopped", "Partner update stopped"
        PARTNER_UPDATE_RELEASED = "partner_update_released", "Partner update released"
        REVKEEN_KNOWS = "revkeen_knows", "RevKeen not told"
        SHIPPED_UNCOUNTED = "shipped_uncounted", "Shipped without scanning"
        UNITS_GIVEN_UP = "units_given_up", "Units given up"
        ORDER_HELD = "order_held", "Put on hold"
        HOLD_RELEASED = "hold_released", "Hold released"
        ORDER_TAGGED = "order_tagged", "Tags changed"
        ORDER_ASSIGNED = "order_assigned", "Assigned"
        PRIORITY_SET = "priority_set", "Priority set"
        BATCH_CREATED = "batch_created", "Batch created"
        BATCH_PRINTED = "batch_printed", "Batch printed"
        LIMITS_CHANGED = "limits_changed", "Limits changed"
        APPROVAL_ASKED = "approval_asked", "Approval asked for"
        APPROVAL_GIVEN = "approval_given", "Approved"
        APPROVAL_DECLINED = "approval_declined", "Approval declined"
        APPROVAL_WITHDRAWN = "approval_withdrawn", "Request for approval withdrawn"
        APPROVAL_EXPIRED = "approval_expired", "Request for approval expired"
        SIGNED_OFF = "signed_off", "Signed off"
        REVIEW_ASSIGNED = "review_assigned", "Review assigned"
        MONTH_SIGNED = "month_signed", "Month signed"
        MONTH_CLOSED = "month_closed", "Month closed"
        MONTH_DECLINED = "month_declined", "Closing a month declined"
        JOB_APPLIED = "job_applied", "Job applied"
        JOB_STOPPED = "job_stopped", "Job stopped"
        REFUSED = "refused", "Attempt refused"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    mode = models.CharField(max_length=4, choices=MODE_CHOICES, blank=True)
    user = models.ForeignKey("orders.User", models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    who = models.CharField(max_length=254, blank=True)  # as they were called then
    text = models.CharField(max_length=500, blank=True)
    order_id = models.UUIDField(null=True)  # the order it is about, if it is about one
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "-at"], name="event_log_by_merchant"),
            models.Index(fields=["order_id"], condition=models.Q(order_id__isnull=False), name="event_log_by_order"),
        ]
        ordering = ["-at", "-id"]
