from django.urls import path

from examples.demo_lms.views import editing, launching, pages, services

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-in", pages.sign_in_page, name="sign-in"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("courses/<int:course_id>/", pages.course, name="course"),
    path("courses/<int:course_id>/units/<slug:slug>/", pages.unit, name="unit"),
    path("courses/<int:course_id>/gradebook", pages.gradebook, name="gradebook"),
    path("courses/<int:course_id>/copy", editing.copy_course, name="copy-course"),
    path("courses/<int:course_id>/units/<slug:slug>/edit", editing.edit_unit, name="edit-unit"),
    path("courses/<int:course_id>/units/<slug:slug>/add", editing.add_activity, name="add-activity"),
    path("links/<int:link_id>/remove", editing.remove_link, name="remove-link"),
    path("deep-link-return", editing.deep_link_return, name="deep-link-return"),
    path("launch/<int:link_id>/", launching.launch_link, name="launch-link"),
    path(
        "launch/deep-link/<int:course_id>/<slug:slug>/",
        launching.launch_deep_link,
        name="launch-deep-link",
    ),
    path("launch/<int:link_id>/return", launching.tool_return, name="tool-return"),
    path("auth", launching.auth, name="auth"),
    path("jwks", launching.jwks, name="jwks"),
    path("token", services.token, name="token"),
    path("nrps/<int:course_id>/memberships", services.memberships, name="memberships"),
    path("ags/<int:course_id>/lineitems", services.line_items, name="line-items"),
    path("ags/<int:course_id>/lineitems/<int:pk>/lineitem", services.line_item, name="line-item"),
    path("ags/<int:course_id>/lineitems/<int:pk>/lineitem/scores", services.scores, name="scores"),
    path("ags/<int:course_id>/lineitems/<int:pk>/lineitem/results", services.results, name="results"),
]
