"""The project's settings as the demo has them, but for how long it takes to look at a password."""

from revkeen_admin.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
