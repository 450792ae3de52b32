"""A page as its tests read it: without the space that a browser does not show, which is the layout of a template."""

import re

BLOCKS = (
    "article|aside|body|button|caption|col|datalist|dd|details|dialog|div|dl|dt|fieldset|footer|form|h[1-6]|head|header"
    "|hr|html|label|legend|li|link|main|meta|nav|ol|optgroup|option|p|section|select|summary|svg|table|tbody|td"
    "|template|tfoot|th|thead|title|tr|ul|br"
)
# Possessive: nearly no tag ends in a space, and none is read twice to find that out.
TAG_END = re.compile(r"""(<(?:"[^"]*+"|'[^']*+'|[^"'> ]++| (?!>))*+) >""")
AS_TYPED = r'<(textarea|pre|script|style)\b.*?</\1>|<(\w+) [^>]*class="(?:[^"]* )?pre(?: [^"]*)?".*?</\2>'
EDGES = re.compile(rf"\s*(</?(?:{BLOCKS})\b(?:\"[^\"]*\"|'[^']*'|[^\"'>])*>)\s*", re.IGNORECASE)
BUTTONS = re.compile(r'(<a class="btn\b[^>]*>)\s+')


def flat(page: str) -> str:
    """On one line. What somebody typed keeps its lines where the look shows them: in a text area, or under `.pre`."""
    parts, last = [], 0
    for kept in re.finditer(AS_TYPED, page, re.DOTALL):
        parts += [_flat(page[last : kept.start()]), kept[0]]
        last = kept.end()
    return "".join([*parts, _flat(page[last:])])


def _flat(text: str) -> str:
    text = TAG_END.sub(r"\1>", re.sub(r"\s+", " ", text))
    return BUTTONS.sub(r"\1", EDGES.sub(r"\1", text)).replace(" </a>", "</a>")
