"""How comments read."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.comments import spans
from core.models import Comment

register = template.Library()


@register.filter
def with_names(comment: Comment) -> SafeString:
    """The text of a comment, with its line breaks as they are; whom it names stands out (`comments_of` read whom)."""
    text, last = comment.text, 0
    parts: list[str] = []
    for begin, end in spans(text, [str(person) for person in comment.mentions.all()]):
        parts += [text[last:begin], format_html('<strong class="mention">{}</strong>', text[begin:end])]
        last = end
    return format_html_join("", "{}", ((part,) for part in [*parts, text[last:]]))
