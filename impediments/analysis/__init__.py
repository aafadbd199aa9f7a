"""What impediments have in common, for the Analysis page: times, levels, causes.

`cases` reads the impediments of a scope in a window; `times` and `causes` make the parts of the page from them.
"""

from impediments.analysis.cases import Cases, cases
from impediments.analysis.part import BY, RANKED, Part, analysis, part, ranked_by

__all__ = ["BY", "RANKED", "Cases", "Part", "analysis", "cases", "part", "ranked_by"]
