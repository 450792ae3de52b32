from django.core.cache import cache
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from orders.services import heartbeat


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. Nothing else is asked, so that a full database does not restart the server."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """The server may be given requests: database, migrations and cache are there.

    It says as well whether a worker is alive. Without one pages are good all the same, so they stay reachable.
    """
    checks = {"database": _database(), "cache": _cache()}
    ready = all(state == "ok" for state in checks.values())
    said = {"status": "ok" if ready else "not ready", **checks, "worker": _worker()}
    return JsonResponse(said, status=200 if ready else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connections["default"])
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception as error:
        return type(error).__name__
    return "migrations are waiting" if waiting else "ok"


def _cache() -> str:
    try:
        cache.set("readyz", "ok", 10)
        return "ok" if cache.get("readyz") == "ok" else "does not keep what it is given"
    except Exception as error:
        return type(error).__name__


def _worker() -> str:
    try:
        seen = heartbeat.last_seen()
    except Exception as error:
        return type(error).__name__
    if seen.fresh:
        return "ok"
    return f"not seen since {seen.at:%Y-%m-%dT%H:%M:%SZ}" if seen.at else "never seen"
