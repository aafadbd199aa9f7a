"""The people of the demo organisation, all invented. Everybody's password is PASSWORD; it is no secret."""

from typing import NamedTuple

from connectors.demo.world import PROFILES
from portfolio.models import Role

PASSWORD = "vmo-demo-portal"  # noqa: S105 (printed by `make up`; a real portal has no demo people)
DOMAIN = "demo.example"
MEMBERS_PER_TEAM = 3


class Login(NamedTuple):
    """A person with a role; `stream` or `team` where the role does not hold everywhere."""

    email: str
    name: str
    role: Role
    stream: str = ""
    team: str = ""


LOGINS = (
    Login(f"leader@{DOMAIN}", "Ruth Lindqvist", Role.LEADER),
    Login(f"pmo@{DOMAIN}", "Ada Keller", Role.PMO),
    Login(f"coach@{DOMAIN}", "Samir Haddad", Role.COACH),
    Login(f"member@{DOMAIN}", "Jonas Brandt", Role.MEMBER, team="falcon"),
    Login(f"viewer@{DOMAIN}", "Imke Visser", Role.VIEWER, stream="payments"),
    Login(f"admin@{DOMAIN}", "Noor Castell", Role.ADMINISTRATOR),
)

_FIRST = ("Alma", "Bruno", "Chiara", "Devi", "Emil", "Farida", "Goran", "Hanna", "Ilja", "Juno", "Kiran", "Lena")
_LAST = ("Ahlgren", "Berger", "Costa", "Dutta", "Ebner", "Fontaine", "Gruber", "Hallam", "Iyer", "Jansen", "Kovac",
         "Lorenz", "Mehta")  # fmt: skip


def members() -> list[Login]:
    """Some members of every team, who need no grant to see it; no two have the same name."""
    people = []
    for place, profile in enumerate(PROFILES):
        for n in range(MEMBERS_PER_TEAM):
            number = place * MEMBERS_PER_TEAM + n
            first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
            people.append(Login(f"{first}.{last}@{DOMAIN}".lower(), f"{first} {last}", Role.MEMBER, team=profile.slug))
    return people
