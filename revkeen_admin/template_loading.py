"""How templates are read from their files."""

import re

from django.template.base import Origin
from django.template.loaders import filesystem


class Loader(filesystem.Loader):
    """Folds a line break and the indentation after it into one line break.

    Both are one space to a browser. Indentation is for whoever reads the template, and would be a good part of a page.
    """

    def get_contents(self, origin: Origin) -> str:
        contents = super().get_contents(origin)
        return re.sub(r"\n\s+", "\n", contents) if origin.name.endswith(".html") else contents
