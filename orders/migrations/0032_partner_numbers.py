"""A parcel that left without us is looked up by its tracking number when the index of orders has none."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0031_counted_by_indexes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='partnershipment',
            index=models.Index(fields=['merchant', 'mode', 'tracking_number'], name='partner_shipments_by_number'),
        ),
    ]
