"""As of when the copies are right; and workers hear when an index is to be looked at again."""

import django.db.models.functions.datetime
from django.db import migrations, models


def create_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            """CREATE TRIGGER orders_indexstate_news AFTER INSERT OR UPDATE OF feed_due_at ON orders_indexstate
               FOR EACH STATEMENT EXECUTE FUNCTION orders_news()"""
        )


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0008_webhooks'),
    ]

    operations = [
        migrations.AddField(
            model_name='indexstate',
            name='as_of',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='indexstate',
            name='marked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='indexstate',
            name='next_as_of',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sweep',
            name='marked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sweep',
            name='next_as_of',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sweep',
            name='page_size',
            field=models.PositiveSmallIntegerField(default=100),
        ),
        migrations.AddField(
            model_name='toread',
            name='first_wanted_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunPython(create_trigger),
    ]
