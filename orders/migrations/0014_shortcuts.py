from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_saved_views")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="uses_shortcuts",
            field=models.BooleanField(default=True),
        ),
    ]
