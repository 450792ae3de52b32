"""The application with its templates and addresses read before gunicorn forks: a worker lives for a second here."""

from pathlib import Path

from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from revkeen_admin.wsgi import application

__all__ = ["application"]

_folder = Path(settings.TEMPLATES[0]["DIRS"][0])
for _path in _folder.rglob("*.html"):
    get_template(str(_path.relative_to(_folder)))
reverse("account_login")
