from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0014_shortcuts")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="order_columns",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
    ]
