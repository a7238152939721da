"""Alembic's entry point: migrates on the connection that `registry.store.opening` hands over."""

from alembic import context

from registry.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
