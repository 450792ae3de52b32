"""The project's settings with keys, database and cache for a test run: HTTPS as in production, mails kept in memory."""

import atexit
import os
import shutil
import tempfile

FOLDER = tempfile.mkdtemp(prefix="revkeen-admin-tests-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

os.environ.update(
    SECRET_KEY="only-for-tests-" + "x" * 40,
    FIELD_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ALLOWED_HOSTS="testserver",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", f"sqlite:///{FOLDER}/tests.sqlite3"),
    CACHE_URL="locmemcache://",
    COUNTER_FILE=f"{FOLDER}/journal-counter",
    EMAIL_URL="memorymail://",
    PLAIN_HTTP="0",
    DJANGO_ALLOW_ASYNC_UNSAFE="1",  # Playwright leaves an event loop in the thread that later tests run in
)

from revkeen_admin.settings import *  # noqa: E402, F403
from revkeen_admin.settings import DATABASES  # noqa: E402

if os.environ["DATABASE_URL"].startswith("sqlite"):
    DATABASES["default"]["TEST"] = {"NAME": f"{FOLDER}/tests.sqlite3"}  # a file, with the PRAGMAs of production
else:
    DATABASES["default"]["OPTIONS"] = {}  # the test database is dropped at the end: no pool may hold it

STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the hash is not what is tested
WHITENOISE_AUTOREFRESH = True
