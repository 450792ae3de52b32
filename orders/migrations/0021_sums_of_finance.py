
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0020_accounting_feed'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(condition=models.Q(('gone_at', None)), fields=['merchant', 'mode', 'created_at', 'currency', 'status', 'unreadable', 'total', 'discount', 'tax', 'still_due'], name='copies_ordered'),
        ),
        migrations.AddIndex(
            model_name='ordercopy',
            index=models.Index(condition=models.Q(('gone_at', None)), fields=['merchant', 'mode', 'still_due', 'currency', 'status', 'unreadable', 'created_at', 'expires_at', 'customer_id'], name='copies_due'),
        ),
    ]
