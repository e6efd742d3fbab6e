"""What searches look in, and the index of each database over it.

Every term is ASCII already (companion/search/terms.py): the databases part them at spaces and do nothing else.
"""

import django.db.models.deletion
from django.db import migrations, models

import companion.clock

SQLITE = (
    # External content: the terms stand in the table alone, and what is found is a row of it by its id.
    "CREATE VIRTUAL TABLE companion_searchindex USING fts5(scope, title_terms, terms, content='companion_searchdocument',"
    " content_rowid='id', detail='column', tokenize='ascii')",
    "CREATE TRIGGER companion_searchindex_insert AFTER INSERT ON companion_searchdocument BEGIN"
    " INSERT INTO companion_searchindex(rowid, scope, title_terms, terms)"
    " VALUES (new.id, new.scope, new.title_terms, new.terms); END",
    "CREATE TRIGGER companion_searchindex_delete AFTER DELETE ON companion_searchdocument BEGIN"
    " INSERT INTO companion_searchindex(companion_searchindex, rowid, scope, title_terms, terms)"
    " VALUES ('delete', old.id, old.scope, old.title_terms, old.terms); END",
    # Marks and moments are not in the index.
    "CREATE TRIGGER companion_searchindex_update AFTER UPDATE OF scope, title_terms, terms ON companion_searchdocument"
    " WHEN old.scope <> new.scope OR old.title_terms <> new.title_terms OR old.terms <> new.terms BEGIN"
    " INSERT INTO companion_searchindex(companion_searchindex, rowid, scope, title_terms, terms)"
    " VALUES ('delete', old.id, old.scope, old.title_terms, old.terms);"
    " INSERT INTO companion_searchindex(rowid, scope, title_terms, terms)"
    " VALUES (new.id, new.scope, new.title_terms, new.terms); END",
)
SQLITE_BACK = (
    "DROP TRIGGER companion_searchindex_insert",
    "DROP TRIGGER companion_searchindex_delete",
    "DROP TRIGGER companion_searchindex_update",
    "DROP TABLE companion_searchindex",
)
POSTGRESQL = (
    "ALTER TABLE companion_searchdocument ADD COLUMN vector tsvector GENERATED ALWAYS AS ("
    "setweight(to_tsvector('simple', scope), 'A') || setweight(to_tsvector('simple', title_terms), 'B') ||"
    " setweight(to_tsvector('simple', terms), 'C')) STORED",
    "CREATE INDEX companion_document_vector ON companion_searchdocument USING gin (vector)",
)
POSTGRESQL_BACK = (
    "DROP INDEX companion_document_vector",
    "ALTER TABLE companion_searchdocument DROP COLUMN vector",
)
MYSQL = (
    "CREATE FULLTEXT INDEX companion_document_text ON companion_searchdocument (scope, title_terms, terms)",
    # Its columns have no weights: titles are asked for by themselves as well.
    "CREATE FULLTEXT INDEX companion_document_title ON companion_searchdocument (title_terms)",
)
MYSQL_BACK = (
    "DROP INDEX companion_document_title ON companion_searchdocument",
    "DROP INDEX companion_document_text ON companion_searchdocument",
)

MAKE = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mysql": MYSQL}
DROP = {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK, "mysql": MYSQL_BACK}


def make_index(_apps, schema_editor):
    for statement in MAKE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop_index(_apps, schema_editor):
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [("companion", "0004_posts_know_their_replies")]

    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("activity_id", models.BigIntegerField(db_index=True, null=True)),
                ("group_id", models.BigIntegerField(null=True)),
                ("kind", models.CharField(choices=[("post", "Post")], default="post", max_length=20)),
                ("object_id", models.BigIntegerField()),
                ("parent_id", models.BigIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("is_opening", models.BooleanField()),
                ("is_shared", models.BooleanField(default=False)),
                ("standing", models.PositiveSmallIntegerField(default=0)),
                ("helpful_count", models.PositiveIntegerField(default=0)),
                ("opens_at", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                ("is_learned", models.BooleanField(default=False)),
                ("scope", models.CharField(max_length=60)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="companion.organization"
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="companion.space"
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("title_terms", models.TextField()),
                ("terms", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["kind", "parent_id", "standing", "helpful_count"], name="companion_document_parent"
                    ),
                    models.Index(fields=["is_learned", "id"], name="companion_document_learned"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "object_id"), name="companion_document_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=90)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="companion.organization",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "word"), name="companion_word_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchProgress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20, unique=True)),
                ("last_id", models.BigIntegerField(default=0)),
                ("started_at", models.DateTimeField(default=companion.clock.now)),
            ],
        ),
        # MySQL commits with every change of a table; the others do all of a migration in one transaction anyway.
        migrations.RunPython(make_index, drop_index, atomic=False),
    ]
