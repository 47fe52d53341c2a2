"""Reads the ids that resources are imported by."""

import re

from corral.local.provider.kind import Kind, Values

_FIELD = re.compile(r"\{(\w+)(\.\.\.)?\}")


def located(kind: Kind, token: str, identifier: str) -> Values:
    """Return the values that an id tells, by the first of the type's forms that fits.

    In a form, `{name}` stands for a value without any of `:`, `|` and `,`, and `{name...}` for any value.
    Raises ValueError, with the forms, when none fits.
    """
    for form in kind.ids:
        if found := re.fullmatch(_pattern(form), identifier, re.DOTALL):
            return found.groupdict()
    forms = " or ".join(_FIELD.sub(lambda field: field[1].upper(), form) for form in kind.ids)
    raise ValueError(f"the id of {token} is {forms}, not {identifier!r}")


def _pattern(form: str) -> str:
    parts, at = [], 0
    for found in _FIELD.finditer(form):
        parts += [re.escape(form[at : found.start()]), f"(?P<{found[1]}>{'.+' if found[2] else '[^:|,]+?'})"]
        at = found.end()
    return "".join([*parts, re.escape(form[at:])])
