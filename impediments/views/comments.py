"""Comments on an impediment: written, changed, taken away and back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from core.comments import comments_of
from core.models import Comment
from impediments.actions import comments as actions
from impediments.forms.steps import CommentForm
from impediments.models import Impediment
from impediments.rules import require_work
from impediments.views.finding import find
from impediments.views.page import show
from portfolio.forms.base import NothingForm


def _to(one: Impediment, comment: Comment | None = None) -> HttpResponse:
    place = f"comment-{comment.pk}" if comment else "comments"
    return redirect(f"{reverse('impediment', args=[one.pk])}#{place}")


@require_POST
def add(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Write a comment."""
    one, form = find(request, impediment_id), CommentForm(request.POST)
    require_work(me(request), one)
    if form.is_valid():
        text = form.cleaned_data["text"]
        made = form.attempt(lambda: actions.add_comment(actor=me(request), impediment=one, text=text))
        if made:
            return _to(one, made)
    return show(request, one, 400, comment_form=form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, impediment_id: int, comment_id: int) -> HttpResponse:
    """Change one's own comment."""
    one, user = find(request, impediment_id), me(request)
    comment = get_object_or_404(comments_of(one), pk=comment_id)
    require_work(user, one)
    if comment.author_id != user.pk:
        raise PermissionDenied("Only who wrote a comment can change it.")
    form = CommentForm(request.POST or None, initial={"text": comment.text})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        made = form.attempt(lambda: actions.edit_comment(actor=user, impediment=one, comment=comment, text=text))
        if made:
            return _to(one, made)
    return render(request, "impediments/comment.html", {"form": form, "one": one, "nav": "impediments"})


@require_POST
def remove(request: HttpRequest, impediment_id: int, comment_id: int) -> HttpResponse:
    """Take a comment away."""
    one, form = find(request, impediment_id), NothingForm(request.POST)
    comment = get_object_or_404(comments_of(one), pk=comment_id)
    if form.attempt(lambda: actions.remove_comment(actor=me(request), impediment=one, comment=comment)):
        undo = reverse("impediment-comment-restore", args=[one.pk, comment.pk])
        messages.success(request, "The comment was taken away.", extra_tags=undo)
    return _to(one)


@require_POST
def restore(request: HttpRequest, impediment_id: int, comment_id: int) -> HttpResponse:
    """Undo of taking it away."""
    one = find(request, impediment_id)
    own = Comment.objects.filter(target_type=one._meta.label_lower, target_id=str(one.pk))
    comment = get_object_or_404(own, pk=comment_id)
    actions.restore_comment(actor=me(request), impediment=one, comment=comment)
    return _to(one, comment)
