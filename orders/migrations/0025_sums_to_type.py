"""The sum to type becomes one of each currency. One that was set by hand stays, for every currency with a preset."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OLD_PRESET = 5000
CURRENCIES = """AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD MXN MYR NOK NZD PHP PLN
    RON SAR SEK SGD THB TRY TWD USD VND XCG ZAR"""


def take_over(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    merchants = apps.get_model("orders", "Merchant").objects.exclude(typed_above=OLD_PRESET)
    for merchant in merchants:
        merchant.sums_to_type = dict.fromkeys(CURRENCIES.split(), merchant.typed_above)
        merchant.save(update_fields=["sums_to_type"])


class Migration(migrations.Migration):
    dependencies = [("orders", "0024_last_choices")]

    operations = [
        migrations.AddField("merchant", "sums_to_type", models.JSONField(blank=True, default=dict)),
        migrations.RunPython(take_over, migrations.RunPython.noop),
        migrations.RemoveField("merchant", "typed_above"),
    ]
