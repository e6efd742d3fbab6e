"""granian --interface wsgi tests.benchmarks.lms_wsgi:application"""

from examples.demo_lms.wsgi import application
from tests.benchmarks.lms import add_learners

__all__ = ["application"]

add_learners()
