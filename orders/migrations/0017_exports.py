import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


NEWS = [
    """CREATE TRIGGER orders_export_news AFTER INSERT ON orders_export
       FOR EACH STATEMENT EXECUTE FUNCTION orders_news()""",
    """CREATE TRIGGER orders_exportschedule_news AFTER INSERT OR UPDATE OF next_at ON orders_exportschedule
       FOR EACH STATEMENT EXECUTE FUNCTION orders_news()""",
]


def tell_workers(apps, schema_editor):
    for statement in NEWS if schema_editor.connection.vendor == "postgresql" else []:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0016_money_copies'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='export_format',
            field=models.CharField(choices=[('comma', 'CSV with commas'), ('semicolon', 'CSV with semicolons and decimal commas'), ('tab', 'CSV with tabs'), ('xlsx', 'XLSX, for Excel and other spreadsheets')], default='comma', max_length=10),
        ),
        migrations.AddField(
            model_name='user',
            name='export_mark',
            field=models.BooleanField(default=True),
        ),
        migrations.CreateModel(
            name='ExportSchedule',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('list', models.CharField(max_length=30)),
                ('title', models.CharField(max_length=80)),
                ('words', models.TextField(blank=True)),
                ('query', models.TextField(blank=True)),
                ('file_format', models.CharField(choices=[('comma', 'CSV with commas'), ('semicolon', 'CSV with semicolons and decimal commas'), ('tab', 'CSV with tabs'), ('xlsx', 'XLSX, for Excel and other spreadsheets')], max_length=10)),
                ('mark', models.BooleanField()),
                ('lines', models.BooleanField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('every', models.CharField(choices=[('day', 'Every day'), ('week', 'Every Monday'), ('month', 'On the first of every month')], max_length=5)),
                ('next_at', models.DateTimeField()),
                ('stopped', models.CharField(blank=True, max_length=200)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.merchant')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('view', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.savedview')),
            ],
        ),
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('test', 'Test')], max_length=4)),
                ('list', models.CharField(max_length=30)),
                ('title', models.CharField(max_length=80)),
                ('words', models.TextField(blank=True)),
                ('query', models.TextField(blank=True)),
                ('file_format', models.CharField(choices=[('comma', 'CSV with commas'), ('semicolon', 'CSV with semicolons and decimal commas'), ('tab', 'CSV with tabs'), ('xlsx', 'XLSX, for Excel and other spreadsheets')], max_length=10)),
                ('mark', models.BooleanField()),
                ('lines', models.BooleanField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', max_length=7)),
                ('due_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_until', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('rows', models.PositiveBigIntegerField(default=0)),
                ('expected', models.PositiveBigIntegerField(null=True)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('ready_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField(null=True)),
                ('to_tell', models.BooleanField(default=False)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='orders.merchant')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='exports', to='orders.exportschedule')),
            ],
        ),
        migrations.CreateModel(
            name='ExportChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('attempt', models.PositiveSmallIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='orders.export')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('export', 'attempt', 'number'), name='one_chunk_of_a_number')],
            },
        ),
        migrations.AddIndex(
            model_name='exportschedule',
            index=models.Index(condition=models.Q(('stopped', '')), fields=['next_at'], name='schedules_due'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='exports_due'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(fields=['owner', 'merchant', 'mode', '-created_at'], name='exports_by_owner'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('ends_at__isnull', False)), fields=['ends_at'], name='exports_to_forget'),
        ),
        migrations.AddIndex(
            model_name='export',
            index=models.Index(condition=models.Q(('to_tell', True)), fields=['id'], name='exports_to_tell'),
        ),
        migrations.RunPython(tell_workers),
    ]
