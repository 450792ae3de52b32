"""The settings of the tests' processes, with points at which a process kills itself when it is told to."""

from tests.site_settings import *  # noqa: F403
from tests.site_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.crashes.Crashes"]
