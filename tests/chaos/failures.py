"""What heartbeats say while something is broken."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CONNECTED, MIGRATED = "check_database_connected", "check_migrations_applied"
REDIS, CACHE = "check_redis_connected", "check_caches"
HEALTHY = "healthy"  # the alias of the database and of the cache that nothing happens to
TIMEOUT = 3  # seconds, of a heartbeat
ONSET = 0.3  # seconds, of a fault that makes no run wait

Ids = Mapping[str, set[str]]  # by check, the messages it may have
Pairs = frozenset[tuple[str, str]]  # checks and subjects


@dataclass(frozen=True)
class Failure:
    """What heartbeats say while something is broken.

    :param ids: the messages; none of checks that go on passing
    :param certain: sets of checks and subjects, in each of which one fails for certain
    :param onset: seconds until all this is so: a heartbeat shares the runs that are under way, and
        these may have begun before
    """

    ids: Ids = field(default_factory=dict)
    certain: tuple[Pairs, ...] = ()
    onset: float = ONSET

    @property
    def edges(self) -> Ids:
        """The messages while it begins or ends, which may be between any two queries."""
        return next((ids for ids in EDGES if self.ids and self.ids.keys() <= ids.keys()), {})


EDGES: list[Ids] = [
    {CONNECTED: {"E001", "E002", "C001", "I003"}, MIGRATED: {"E002", "I001", "I003", "C001"}},
    {REDIS: {"E004", "E007", "C001", "I003"}, CACHE: {"E011", "E012", "I003", "C001"}},
]


def each(*pairs: tuple[str, str]) -> tuple[Pairs, ...]:
    return tuple(frozenset({pair}) for pair in pairs)


NONE = Failure()
DATABASE_REFUSED = Failure(
    {CONNECTED: {"E001"}, MIGRATED: {"I001"}}, each((CONNECTED, "default"), (CONNECTED, "fresh"))
)
# Either check may be the one that hangs, and the other waits for it.
DATABASE_HUNG = Failure(
    {CONNECTED: {"E001", "C001", "I003"}, MIGRATED: {"I001", "C001", "I003"}},
    tuple(frozenset({(CONNECTED, alias), (MIGRATED, alias)}) for alias in ("default", "fresh")),
    onset=TIMEOUT + ONSET,
)
LOCKED = Failure(
    {MIGRATED: {"E002"}},
    each((MIGRATED, "default"), (MIGRATED, "fresh")),
    onset=1 + ONSET,  # their statement_timeout
)
# The other one has its connection already.
EXHAUSTED = Failure(DATABASE_REFUSED.ids, each((CONNECTED, "fresh")))
REDIS_REFUSED = Failure(
    {REDIS: {"E004"}, CACHE: {"E011"}}, each((REDIS, "default"), (CACHE, "default"))
)
# The client gives up twice, after a second each; on a slow machine not within the heartbeat.
REDIS_HUNG = replace(
    REDIS_REFUSED, ids={REDIS: {"E004"}, CACHE: {"E011", "C001"}}, onset=TIMEOUT + ONSET
)
