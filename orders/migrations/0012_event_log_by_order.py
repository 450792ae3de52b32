from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0011_shipments_and_deliveries"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventlog",
            name="order_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AlterField(
            model_name="eventlog",
            name="kind",
            field=models.CharField(
                choices=[
                    ("signed_in", "Signed in"),
                    ("signed_out", "Signed out"),
                    ("sign_in_failed", "Sign-in failed"),
                    ("password_changed", "Password changed"),
                    ("mfa_changed", "Second factor changed"),
                    ("key_added", "Key added"),
                    ("key_refused", "Key not saved"),
                    ("key_activated", "Key made active"),
                    ("key_switched_off", "Key switched off"),
                    ("key_renamed", "Key renamed"),
                    ("key_removed", "Key removed"),
                    ("merchant_changed", "Merchant changed"),
                    ("partner_ids", "Partners’ ids typed"),
                    ("invited", "Invited"),
                    ("invitation_withdrawn", "Invitation withdrawn"),
                    ("member_joined", "Joined"),
                    ("member_changed", "Roles changed"),
                    ("member_removed", "Member removed"),
                    ("exported", "Exported"),
                    ("decided", "Outcome decided"),
                    ("shipment_corrected", "Shipment corrected"),
                    ("shipment_status", "Shipment status set"),
                    ("delivery_sent_again", "Delivery sent again"),
                    ("delivery_stopped", "Delivery stopped"),
                    ("delivery_released", "Delivery released"),
                    ("refused", "Attempt refused"),
                ],
                max_length=30,
            ),
        ),
        migrations.AddIndex(
            model_name="eventlog",
            index=models.Index(
                condition=models.Q(("order_id__isnull", False)), fields=["order_id"], name="event_log_by_order"
            ),
        ),
    ]
