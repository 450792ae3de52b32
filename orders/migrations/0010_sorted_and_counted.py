"""Orders are sorted by number and by amount, and counted by status, by an index."""

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
            index=models.Index(fields=['merchant', 'mode', 'gone_at', 'status'], name='copies_counted'),
        ),
    ]
