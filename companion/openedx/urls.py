"""Below /companion/ in the LMS."""

from django.urls import include, path, re_path

from companion.openedx import views

app_name = "companion_openedx"
COURSE = r"^courses/(?P<course_id>[^/+]+[/+][^/+]+[/+][^/?]+)"

urlpatterns = [
    path("mail/", include("companion.web.mail_urls")),
    re_path(rf"{COURSE}/about/(?P<usage_id>[^/]+)$", views.about, name="about"),
    re_path(rf"{COURSE}/$", views.page, name="home"),
    re_path(rf"{COURSE}/(?P<path>.+)$", views.page, name="page"),
]
