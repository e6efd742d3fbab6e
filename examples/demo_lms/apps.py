from django.apps import AppConfig


class DemoLmsConfig(AppConfig):
    name = "examples.demo_lms"
    label = "demo_lms"
    default_auto_field = "django.db.models.AutoField"
