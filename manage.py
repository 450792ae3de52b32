#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

from revkeen_admin import environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revkeen_admin.settings")
    environment.run(lambda: execute_from_command_line(sys.argv))
