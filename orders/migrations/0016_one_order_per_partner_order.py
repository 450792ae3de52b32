from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def claim_what_was_sent(apps: Any, schema_editor: Any) -> None:
    """Of two orders that went by one id the one that was written first keeps it."""
    Delivery, PartnerOrder = apps.get_model("orders", "Delivery"), apps.get_model("orders", "PartnerOrder")
    written = Delivery.objects.exclude(partner_order_id="").exclude(state="undone").order_by("pk")
    for delivery in written.select_related("shipment").iterator():
        PartnerOrder.objects.get_or_create(
            merchant_id=delivery.merchant_id,
            mode=delivery.mode,
            destination=delivery.destination,
            partner_order_id=delivery.partner_order_id,
            defaults={"order_id": delivery.order_id, "order_number": delivery.shipment.order_number},
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_log_chain_triggers")]

    operations = [
        migrations.AddField("draft", "left_out", models.JSONField(default=list)),
        migrations.CreateModel(
            "PartnerOrder",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mode", models.CharField(choices=[("live", "Live"), ("test", "Test")], max_length=4)),
                ("destination", models.CharField(max_length=20)),
                ("partner_order_id", models.CharField(max_length=200)),
                ("order_id", models.UUIDField()),
                ("order_number", models.CharField(blank=True, max_length=100)),
                ("by_metadata", models.BooleanField(default=False)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="orders.merchant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "mode", "destination", "partner_order_id"),
                        name="one_order_per_partner_order",
                    )
                ],
            },
        ),
        migrations.RunPython(claim_what_was_sent, migrations.RunPython.noop),
    ]
