"""granian --interface wsgi examples.demo_lms.wsgi:application"""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "examples.demo_lms.settings"

application = get_wsgi_application()
