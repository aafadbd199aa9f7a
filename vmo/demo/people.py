"""The people of the demo organisation, as its stories name them."""

from accounts.models import User
from connectors.demo.people import DOMAIN


def known() -> dict[str, User]:
    """Those with roles by the name of their role, members by their names in their addresses."""
    logins = User.objects.filter(email__iendswith=f"@{DOMAIN}")
    return {user.email.split("@")[0]: user for user in logins}
