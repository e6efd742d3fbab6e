"""The WSGI application: `granian --interface wsgi companion.standalone.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companion.standalone.settings")

application = get_wsgi_application()
