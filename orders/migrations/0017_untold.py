from typing import Any

from django.db import migrations, models
from django.db.models.functions import Now


def mark_what_was_released(apps: Any, schema_editor: Any) -> None:
    """What counts as shipped though RevKeen ended its operation without taking it, or never heard of it."""
    Shipment = apps.get_model("orders", "Shipment")
    left = Shipment.objects.filter(state="left", step__isnull=False)
    not_taken = models.Q(operation__isnull=True) | models.Q(operation__state__in=["refused", "not_sent"])
    left.filter(not_taken).update(untold_since=Now())


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0016_one_order_per_partner_order'),
    ]

    operations = [
        migrations.AddField(
            model_name='shipment',
            name='untold_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='eventlog',
            name='kind',
            field=models.CharField(choices=[('signed_in', 'Signed in'), ('signed_out', 'Signed out'), ('sign_in_failed', 'Sign-in failed'), ('password_changed', 'Password changed'), ('mfa_changed', 'Second factor changed'), ('key_added', 'Key added'), ('key_refused', 'Key not saved'), ('key_activated', 'Key made active'), ('key_switched_off', 'Key switched off'), ('key_renamed', 'Key renamed'), ('key_removed', 'Key removed'), ('merchant_changed', 'Merchant changed'), ('partner_ids', 'Partners’ ids typed'), ('invited', 'Invited'), ('invitation_withdrawn', 'Invitation withdrawn'), ('member_joined', 'Joined'), ('member_changed', 'Roles changed'), ('member_removed', 'Member removed'), ('exported', 'Exported'), ('decided', 'Outcome decided'), ('shipment_corrected', 'Shipment corrected'), ('shipment_status', 'Shipment status set'), ('delivery_sent_again', 'Delivery sent again'), ('delivery_stopped', 'Delivery stopped'), ('delivery_released', 'Delivery released'), ('revkeen_knows', 'RevKeen not told'), ('units_given_up', 'Units given up'), ('refused', 'Attempt refused')], max_length=30),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('untold_since__isnull', False)), fields=['merchant', 'mode', 'id'], name='shipments_untold'),
        ),
        migrations.RunPython(mark_what_was_released, migrations.RunPython.noop),
    ]
