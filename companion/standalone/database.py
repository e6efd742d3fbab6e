"""The state of the service's database."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def waits_for_migrations() -> bool:
    """Whether the code knows migrations that the database has not had."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
