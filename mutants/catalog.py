"""What a mutant is: the edits that take one defense out of the code, and the tests that notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """`old` stands exactly once in `target` and becomes `new`.

    `target` is "package.module:function", "package.module:Class.method", "package.module:NAME" for what is assigned to
    a name, "package.module" for all of a module, or the path of a file of any kind. Text of several lines is dedented:
    its further lines are indented as the line in which its first one stands. A line of which nothing is left goes.
    """

    target: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """`defense` says what is defended against what, and what is different now. Each of the tests `red` has to fail."""

    name: str
    defense: str
    target: str
    old: str
    new: str
    red: str | tuple[str, ...]
    on_postgresql: bool = False
    also: tuple[Edit, ...] = ()  # the further edits of the few that need several

    @property
    def edits(self) -> tuple[Edit, ...]:
        return (Edit(self.target, self.old, self.new), *self.also)

    @property
    def tests(self) -> tuple[str, ...]:
        return (self.red,) if isinstance(self.red, str) else self.red
