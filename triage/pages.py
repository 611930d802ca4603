"""Jinja templates of cards and pages, filled strictly: a name that is missing is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def templates_of(
    package: str,
    *filters: Callable[..., Any],
    autoescape: bool = True,
    finalize: Callable[[Any], Any] | None = None,
) -> Environment:
    """Return the environment of the templates in a package's folder ``templates``.

    Args:
        package: its dotted name.
        filters: functions that templates may call by their names.
        autoescape: whether everything is escaped for HTML.
        finalize: what each value goes through on its way into the text.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=autoescape,  # noqa: S701  # off for Markdown alone, which escapes by finalize
        finalize=finalize,
    )
    environment.filters.update({each.__name__: each for each in filters})
    return environment
