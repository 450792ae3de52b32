"""The settings of the tests' processes, without what keeps a thing from being done twice."""

from tests.site_settings import *  # noqa: F403
from tests.site_settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "chaos.naive"]
