import companion.clock
from django.db import migrations, models
from django.db.models import F

from companion_lti.sealing import seal, unseal

PLAIN = "-----BEGIN"


def seal_keys(apps, schema_editor):
    ToolKey = apps.get_model("companion_lti", "ToolKey")
    ToolKey.objects.update(signs_from=F("created_at"))
    for key in ToolKey.objects.filter(private_pem__startswith=PLAIN):
        key.private_pem = seal(key.private_pem)
        key.save(update_fields=["private_pem"])


def open_keys(apps, schema_editor):
    for key in apps.get_model("companion_lti", "ToolKey").objects.exclude(private_pem__startswith=PLAIN):
        key.private_pem = unseal(key.private_pem) or ""
        key.save(update_fields=["private_pem"])


class Migration(migrations.Migration):

    dependencies = [
        ('companion_lti', '0002_permalinks'),
    ]

    operations = [
        migrations.AddField(
            model_name='toolkey',
            name='rotated_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='toolkey',
            name='signs_from',
            field=models.DateTimeField(default=companion.clock.now, editable=False, verbose_name='signs from'),
        ),
        migrations.RunPython(seal_keys, open_keys),
    ]
