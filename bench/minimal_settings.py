from revkeen_admin.settings import *  # noqa: F403
from revkeen_admin.settings import BASE_DIR, TEMPLATES

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.minimal"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [BASE_DIR / "bench/templates", BASE_DIR / "templates"], "OPTIONS": {}}]
