"""What a page with figures needs of its content security policy."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.decorators import csp_update

# Plotly makes one empty style element and fills it through the CSSOM, which needs no permission; the element itself
# does: the hash is that of nothing. No inline style attribute is needed (tried in Chromium), so none is allowed.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
View = TypeVar("View", bound=Callable[..., Any])


def with_figures(view: View) -> View:
    """The view, with a policy that lets its figures be drawn."""
    return cast(View, csp_update({"style-src": ["'self'", EMPTY_STYLE]})(view))
