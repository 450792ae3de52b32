"""The worker: woken by news, waiting until it is time."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="alive-without-a-look",
        defense="A worker says that it is alive while it does its work: it says so before it has looked.",
        target="orders.management.commands.worker:Command.watch",
        old="try:",
        new="""
            try:
                self.beat()
        """,
        also=(Edit("orders.management.commands.worker:Command.watch", "self.beat()", ""),),
        red="tests/running/test_waking.py::test_a_worker_that_cannot_look_does_not_say_that_it_is_alive",
    ),
    Mutant(
        name="lost-connections-listened-to",
        defense="A lost connection is survived: the one that was lost is listened to for ever.",
        target="orders.management.commands.worker:Command.watch",
        old="heard = None",
        new="",
        red="tests/running/test_waking.py::test_a_worker_whose_connections_are_lost_hears_again",
        on_postgresql=True,
    ),
    Mutant(
        name="moments-passed-over",
        defense="What waits for its time is begun then: nobody waits for it.",
        target="orders.management.commands.worker:Command.ring_for_due",
        old="return min(kind.seconds for kind in found)",
        new="return math.inf",
        red="tests/running/test_waking.py::test_what_falls_due_later_is_begun_then",
    ),
    Mutant(
        name="news-not-heard-on-postgresql",
        defense="What is new is begun within a second: nobody listens to PostgreSQL.",
        target="orders.services.news:OfPostgresql.__init__",
        old='self._connection.execute(f"LISTEN {CHANNEL}")',
        new="",
        red="tests/running/test_waking.py::test_what_is_new_is_begun_without_waiting_for_the_next_look",
        on_postgresql=True,
    ),
    Mutant(
        name="news-not-heard",
        defense="What is new is begun within a second: SQLite's number is not looked at.",
        target="orders.services.news:OfSqlite.wait",
        old="while (left := until - time.monotonic()) > 0 and self._number() == self._noted:",
        new="while (left := until - time.monotonic()) > 0:",
        red="tests/running/test_waking.py::test_what_is_new_is_begun_without_waiting_for_the_next_look",
    ),
]
