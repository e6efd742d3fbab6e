from django.db import migrations


def tell_posts(apps, schema_editor):
    """Posts that were answered before `has_replies` was there: their tombstones stay."""
    post = apps.get_model("companion", "Post")
    answered = post.objects.exclude(parent=None).values_list("parent_id", flat=True).distinct()
    batch = []
    for pk in answered.iterator(chunk_size=2000):
        batch.append(pk)
        if len(batch) == 500:
            post.objects.filter(pk__in=batch).update(has_replies=True)
            batch = []
    post.objects.filter(pk__in=batch).update(has_replies=True)


class Migration(migrations.Migration):

    dependencies = [("companion", "0003_discussion_whole")]

    operations = [migrations.RunPython(tell_posts, migrations.RunPython.noop)]
