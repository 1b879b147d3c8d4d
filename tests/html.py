"""Takes pages apart."""

from html.parser import HTMLParser

VOID = {"meta", "br", "input"}


class Checker(HTMLParser):
    """Takes a page apart, and sees that what is opened is closed.

    hidden (frozenset[str]): Elements whose text is not the page's.
    """

    def __init__(self, hidden=frozenset()):
        super().__init__(convert_charrefs=True)
        self.hidden = {"style", *hidden}
        self.open, self.tags, self.text, self.links, self.scripts = [], [], "", [], {}

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for key, value in attrs if key in ("src", "href")]
        self.script = dict(attrs).get("id") if tag == "script" else None
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts[self.script] = self.scripts.get(self.script, "") + data
        elif self.hidden.isdisjoint(self.open):
            self.text += data


def parsed(html, hidden=frozenset()):
    checker = Checker(hidden)
    checker.feed(html)
    checker.close()
    assert not checker.open
    return checker
