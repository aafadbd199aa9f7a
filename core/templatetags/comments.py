"""How comments read."""

from django import template
from django.utils.html import conditional_escape, format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe

from core.comments import spans
from core.models import Comment

register = template.Library()


@register.filter
def with_names(comment: Comment) -> SafeString:
    """The text of a comment in paragraphs; whom it names stands out (`comments_of` has read whom)."""
    text, last = comment.text, 0
    parts: list[str] = []
    for begin, end in spans(text, [str(person) for person in comment.mentions.all()]):
        named = format_html('<strong class="mention">{}</strong>', text[begin:end])
        parts += [conditional_escape(text[last:begin]), named]
        last = end
    parts.append(conditional_escape(text[last:]))
    return mark_safe(linebreaks(mark_safe("".join(parts))))  # noqa: S308 (every part is escaped)
