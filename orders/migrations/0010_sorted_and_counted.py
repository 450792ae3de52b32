"""Orders are sorted by number, customer and amounts, and counted by status, by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_index_as_of'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='ordercopy',
            name='copies_by_total',
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'public_id', '-id'], name='copies_by_number'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'currency', 'total', '-id', 'status', 'gone_at'], name='copies_by_total'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'currency', 'still_due', '-id'], name='copies_by_due'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'customer_name', '-id'], name='copies_by_name'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'gone_at', '-id'], name='copies_counted'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', '-id'], condition=models.Q(('text_is_cut', True)), name='copies_with_cut_text'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'billing_type', '-id', 'status', 'gone_at'], name='copies_by_billing'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'payment_state', '-id'], name='copies_by_status_payment'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'fulfillment_state', '-id'], name='copies_by_status_shipping'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'status', 'fulfillment_status', 'gone_at', 'units_left', 'has_lines'], name='copies_to_fulfill'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['merchant', 'mode', 'expires_at', 'status'], name='copies_expiring'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(condition=models.Q(('notes', ''), _negated=True), fields=['merchant', 'mode', 'gone_at', '-id', 'status'], name='copies_with_notes'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'currency', 'still_due', 'id'], name='copies_by_due_down'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', 'order_id', 'id', 'status', 'gone_at'], name='copies_by_order'),
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(fields=['merchant', 'mode', 'kind', 'state', 'carrier', 'order_id'], name='shipments_of_orders'),
        ),
    ]
