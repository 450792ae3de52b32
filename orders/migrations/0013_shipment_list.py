from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0012_event_log_by_order"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["merchant", "mode", "state", "-id"], name="shipments_by_state"),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["merchant", "mode", "order_number", "-id"], name="shipments_by_order_number"),
        ),
    ]
