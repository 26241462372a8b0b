"""A database backend for PostgreSQL with a pool of its own kind, as some projects have one."""

from django.db.backends.postgresql import base


class Pool(list):
    """Connections that are free."""


class DatabaseWrapper(base.DatabaseWrapper):
    pools: dict[str, Pool] = {}

    @property
    def pool(self) -> Pool:
        return self.pools.setdefault(self.alias, Pool())

    def get_connection_params(self):
        parameters = super().get_connection_params()
        return {name: value for name, value in parameters.items() if name != "pool"}

    def get_new_connection(self, conn_params):
        return self.pool.pop() if self.pool else self.Database.connect(**conn_params)

    def _close(self):
        if self.errors_occurred:
            super()._close()
        elif self.connection is not None:
            self.pool.append(self.connection)
