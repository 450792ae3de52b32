"""The views in the navigation are counted without looking at a single order: their indexes hold all that is asked."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0030_station_batch'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='ordercopy',
            name='copies_by_payment',
        ),
        migrations.RemoveIndex(
            model_name='ordercopy',
            name='copies_by_status_shipping',
        ),
        migrations.RemoveIndex(
            model_name='ordercopy',
            name='copies_expiring',
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'payment_state', '-id', 'status', 'gone_at', 'created_at'], name='copies_by_payment'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'fulfillment_state', '-id', 'gone_at', 'created_at'], name='copies_by_status_shipping'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'gone_at', 'updated_at'], name='copies_by_status_update'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['merchant', 'mode', 'expires_at', 'status', 'gone_at'], name='copies_expiring'),
        ),
    ]
