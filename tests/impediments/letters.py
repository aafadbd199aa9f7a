"""Mails as bytes, for tests."""

from email.message import EmailMessage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def mail(
    text: str = "The vendor does not answer.",
    *,
    sender: str = "Max Weber <max@example.org>",
    to: str = "falcon@in.example.org",
    subject: str = "Access to the test system",
    message_id: str = "<one@mail.example.org>",
    html: str = "",
    files: dict[str, bytes] | None = None,
    **headers: str,
) -> bytes:
    """A mail as mail programs write it; `headers` by name with underscores for hyphens."""
    one = EmailMessage()
    one["From"], one["To"], one["Subject"] = sender, to, subject
    if message_id:
        one["Message-ID"] = message_id
    for name, value in headers.items():
        one[name.replace("_", "-")] = value
    if text:
        one.set_content(text)
    if html:
        one.add_alternative(html, subtype="html") if text else one.set_content(html, subtype="html")
    for name, data in (files or {}).items():
        one.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return one.as_bytes()
