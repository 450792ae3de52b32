
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


NEWS = "CREATE TRIGGER {0}_news AFTER INSERT OR UPDATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION orders_news()"


def tell_workers(apps, schema_editor):
    """Of invoices that are to be read, as of what else they have to do (0005)."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(NEWS.format("orders_invoicetoread"))


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0015_columns_of_lists'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sweep',
            name='kind',
            field=models.CharField(choices=[('draft', 'Drafts'), ('pending', 'Pending'), ('partially_paid', 'Part paid'), ('paid', 'Paid'), ('week', 'The last 7 days'), ('quarter', 'The last 90 days'), ('all', 'All orders'), ('payments', 'New payments'), ('pay_pending', 'Pending payments'), ('refunds', 'New refunds'), ('refund_pending', 'Pending refunds'), ('refund_work', 'Refunds being processed'), ('pay_all', 'All payments'), ('refund_all', 'All refunds')], max_length=14),
        ),
        migrations.CreateModel(
            name='InvoiceToRead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('first_wanted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('wanted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('invoice_id', models.UUIDField()),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.merchant')),
            ],
            options={
                'indexes': [models.Index(fields=['merchant', 'mode', 'due_at'], name='invoice_marks_due')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'mode', 'invoice_id'), name='one_mark_per_invoice')],
            },
        ),
        migrations.CreateModel(
            name='RefundCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('status', models.TextField(blank=True)),
                ('amount', models.BigIntegerField(default=0)),
                ('currency', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField()),
                ('method', models.TextField(blank=True)),
                ('card_brand', models.TextField(blank=True)),
                ('card_last_four', models.TextField(blank=True)),
                ('failure_reason', models.TextField(blank=True)),
                ('invoice_id', models.UUIDField(null=True)),
                ('customer_id', models.UUIDField(null=True)),
                ('order_id', models.UUIDField(null=True)),
                ('read_started', models.DateTimeField()),
                ('digest', models.CharField(blank=True, max_length=32)),
                ('unreadable', models.TextField(blank=True)),
                ('refund_id', models.UUIDField()),
                ('public_id', models.TextField(blank=True)),
                ('payment_id', models.UUIDField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('reason_details', models.TextField(blank=True)),
                ('processed_at', models.DateTimeField(null=True)),
                ('told_order_id', models.UUIDField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.merchant')),
            ],
            options={
                'indexes': [models.Index(fields=['merchant', 'mode', 'moved_at', 'id'], name='refunds_newest'), models.Index(fields=['merchant', 'mode', 'status', 'moved_at'], name='refunds_by_status'), models.Index(fields=['merchant', 'mode', 'payment_id'], name='refunds_by_payment'), models.Index(fields=['merchant', 'mode', 'order_id'], name='refunds_by_order')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'mode', 'refund_id'), name='one_copy_per_refund')],
            },
        ),
        migrations.CreateModel(
            name='TransactionCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('status', models.TextField(blank=True)),
                ('amount', models.BigIntegerField(default=0)),
                ('currency', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField()),
                ('method', models.TextField(blank=True)),
                ('card_brand', models.TextField(blank=True)),
                ('card_last_four', models.TextField(blank=True)),
                ('failure_reason', models.TextField(blank=True)),
                ('invoice_id', models.UUIDField(null=True)),
                ('customer_id', models.UUIDField(null=True)),
                ('order_id', models.UUIDField(null=True)),
                ('read_started', models.DateTimeField()),
                ('digest', models.CharField(blank=True, max_length=32)),
                ('unreadable', models.TextField(blank=True)),
                ('transaction_id', models.UUIDField()),
                ('type', models.TextField(blank=True)),
                ('flow', models.CharField(choices=[('in', 'Received'), ('out', 'Given back'), ('failed', 'Failed'), ('pending', 'Pending'), ('other', 'Other')], max_length=7)),
                ('parent_id', models.UUIDField(null=True)),
                ('amount_refunded', models.BigIntegerField(default=0)),
                ('updated_at', models.DateTimeField(null=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.merchant')),
            ],
            options={
                'indexes': [models.Index(fields=['merchant', 'mode', 'flow', 'moved_at', 'currency', 'amount'], name='transactions_summed'), models.Index(fields=['merchant', 'mode', 'moved_at', 'id'], name='transactions_newest'), models.Index(fields=['merchant', 'mode', 'invoice_id'], name='transactions_by_invoice'), models.Index(fields=['merchant', 'mode', 'order_id'], name='transactions_by_order'), models.Index(fields=['merchant', 'mode', 'customer_id', 'moved_at'], name='transactions_by_customer'), models.Index(fields=['merchant', 'mode', 'status'], name='transactions_by_status')],
                'constraints': [models.UniqueConstraint(fields=('merchant', 'mode', 'transaction_id'), name='one_copy_per_transaction')],
            },
        ),
        migrations.RunPython(tell_workers),
    ]
