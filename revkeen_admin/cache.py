class CacheRouter:
    """Keep Django's cache table in the database `cache`, and nothing else."""

    def db_for_read(self, model: type, **hints: object) -> str | None:
        return "cache" if model._meta.app_label == "django_cache" else None  # type: ignore[attr-defined]

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool | None:
        return (db == "cache") == (app_label == "django_cache")
