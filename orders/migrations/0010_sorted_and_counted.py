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
            index=models.Index(fields=['merchant', 'mode', 'currency', 'total', '-id'], name='copies_by_total'),
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
            index=models.Index(fields=['merchant', 'mode', 'gone_at', 'status'], name='copies_counted'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(fields=['merchant', 'mode', '-id'], condition=models.Q(('text_is_cut', True)), name='copies_with_cut_text'),
        ),
    ]
