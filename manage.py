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


def services_for(arguments: list[str]) -> AbstractContextManager[None]:
    """The services while the command runs, or nothing for commands that do without."""
    from vmo import services

    name = arguments[0] if arguments else ""
    asks_only = name.startswith("-") or bool({"-h", "--help", "--version"} & set(arguments))
    if asks_only or (name in WITHOUT_SERVICES and "--database" not in arguments):
        return nullcontext()
    return services.borrow(services.home())


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from vmo.services import ServiceError

    try:
        with services_for(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except (ServiceError, ImproperlyConfigured) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
