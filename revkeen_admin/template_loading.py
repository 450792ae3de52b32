"""How templates are read from their files."""

import re

from django.template.base import Origin
from django.template.loaders import filesystem


class Loader(filesystem.Loader):
    """Folds a line break and the indentation after it into one line break, and into none at the edges of a cell.

    To a browser the one is a space and the other nothing, but a cell with nothing else in it would not count as empty
    (`:empty`). Indentation is for whoever reads the template, and would be a good part of a page.
    """

    def get_contents(self, origin: Origin) -> str:
        contents = super().get_contents(origin)
        if not origin.name.endswith(".html"):
            return contents
        return re.sub(r"(<td\b[^<>]*>)\n|\n(?=</td>)", r"\1", re.sub(r"\n\s+", "\n", contents))
