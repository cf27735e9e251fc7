"""Articles of the regulation as documents cite them: `Art. 5(1), 3(2)a`."""

from __future__ import annotations

import re

from giaoban.translation import N_, SOURCE, Translator

_ONE = re.compile(r"(?:Art\. ?)?(?P<article>\d+)(?:\((?P<clause>\d+)\)(?P<point>[^\W\d])?)?")
_WHOLE = N_("Art. {article}")
_CLAUSE = N_("Art. {article}({clause})")
_POINT = N_("Art. {article}({clause}){point}")


def cited(articles: str, say: Translator) -> str:
    """A list of articles as data has it, in a language; what is no such list stays as it is."""
    found = [_ONE.fullmatch(each.strip()) for each in articles.split(",")]
    if say.language == SOURCE or not all(found):
        return articles
    return ", ".join(_said(one, say) for one in found if one)


def _said(one: re.Match[str], say: Translator) -> str:
    article, clause, point = one["article"], one["clause"], one["point"]
    if point:
        return say.gettext(_POINT, article=article, clause=clause, point=point)
    if clause:
        return say.gettext(_CLAUSE, article=article, clause=clause)
    return say.gettext(_WHOLE, article=article)
