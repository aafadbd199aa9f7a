"""What a page with figures needs of its content security policy."""

from csp.decorators import csp_update

# Plotly makes one empty style element and fills it through the CSSOM, which needs no permission; the element itself
# does: the hash is that of nothing. No inline style attribute is needed (tried in Chromium), so none is allowed.
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

with_figures = csp_update({"style-src": ["'self'", EMPTY_STYLE]})
