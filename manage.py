#!/usr/bin/env python
"""Run a command of the portal: `manage.py help` lists them.

While the portal is not running, a command starts the embedded services for itself and stops them again.
"""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

# These need no database, or (`up`) look after the services themselves.
WITHOUT_SERVICES = {"", "help", "version", "up", "check", "makemigrations", "collectstatic", "findstatic"}
WITHOUT_SERVICES |= {"diffsettings", "startapp", "startproject", "compilemessages", "makemessages", "spectacular"}


def needs_services(arguments: list[str]) -> bool:
    """Whether this command asks the database."""
    name = arguments[0] if arguments else ""
    asks_only = name.startswith("-") or bool({"-h", "--help", "--version"} & set(arguments))
    return not asks_only and (name not in WITHOUT_SERVICES or "--database" in arguments)


def services_for(arguments: list[str]) -> AbstractContextManager[None]:
    """The services while the command runs, or nothing for commands that do without."""
    from vmo import services

    return services.borrow(services.home()) if needs_services(arguments) else nullcontext()


def set_up_new_database(arguments: list[str]) -> None:
    """An embedded database that has no tables yet gets them before its first command, whichever that is."""
    from vmo import services

    if "postgres" not in services.embedded() or not needs_services(arguments) or arguments[0] == "migrate":
        return
    import django
    from django.core.management import call_command
    from django.db import connection

    from vmo.services import locks

    django.setup()
    with locks.exclusive(services.home() / "migrate.lock"):
        if not connection.introspection.table_names():
            sys.stderr.write("Setting up the database.\n")
            call_command("migrate", verbosity=0)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from vmo.services import ServiceError

    try:
        with services_for(sys.argv[1:]):
            set_up_new_database(sys.argv[1:])
            execute_from_command_line(sys.argv)
    except (ServiceError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
