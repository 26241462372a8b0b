from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BERTHS = [
    ("East 1", "Amalia", date(2026, 11, 2)),
    ("East 2", "", None),
    ("North 1", "Katharina von Lübeck", date(2026, 11, 9)),
    ("North 2", "Saint-Malo", date(2026, 11, 11)),
    ("West 1", "", None),
]


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    berth = apps.get_model("harbour", "Berth")
    berth.objects.using(schema_editor.connection.alias).bulk_create(
        berth(name=name, ship=ship, since=since) for name, ship, since in BERTHS
    )


class Migration(migrations.Migration):
    dependencies = [("harbour", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
