from django.db import migrations


class Migration(migrations.Migration):
    """Shipments of whole lines make room for parcels with units. No release has kept any."""

    dependencies = [("orders", "0009_refund_status")]

    operations = [
        migrations.DeleteModel("ShipmentItem"),
        migrations.DeleteModel("Shipment"),
    ]
