import os

from django.core.wsgi import get_wsgi_application

from revkeen_admin import environment, garbage

# Gunicorn starts a worker that ends again and again, unless it ends with this.
WORKER_BOOT_ERROR = 3

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revkeen_admin.settings")
application = environment.run(get_wsgi_application, exit_code=WORKER_BOOT_ERROR)
garbage.settle()
