"""The pages, below whatever mounts them. The front page of a link is its activity; "" is the space."""

from django.urls import path

from companion.web.views import activities, posts, threads

urlpatterns = [
    path("", activities.space_home, name="space-home"),
    path("activities/<uuid:uid>/", threads.thread_list, name="thread-list"),
    path("activities/<uuid:uid>/new/", threads.thread_new, name="thread-new"),
    path("activities/<uuid:uid>/news/", threads.list_news, name="list-news"),
    path("activities/<uuid:uid>/seen/", threads.list_seen, name="list-seen"),
    path("activities/<uuid:uid>/settings/", activities.activity_settings, name="activity-settings"),
    path("threads/<int:thread_id>/", threads.thread_detail, name="thread-detail"),
    path("threads/<int:thread_id>/news/", threads.thread_news, name="thread-news"),
    path("threads/<int:thread_id>/pin/", threads.thread_pin, name="thread-pin"),
    path("threads/<int:thread_id>/lock/", threads.thread_lock, name="thread-lock"),
    path("threads/<int:thread_id>/posts/<int:number>/", posts.post_detail, name="post-detail"),
    path("threads/<int:thread_id>/posts/<int:number>/reply/", posts.post_reply, name="post-reply"),
    path("threads/<int:thread_id>/posts/<int:number>/edit/", posts.post_edit, name="post-edit"),
    path("threads/<int:thread_id>/posts/<int:number>/delete/", posts.post_delete, name="post-delete"),
    path("threads/<int:thread_id>/posts/<int:number>/hide/", posts.post_hide, name="post-hide"),
    path("threads/<int:thread_id>/posts/<int:number>/restore/", posts.post_restore, name="post-restore"),
    path("preview/", posts.preview, name="preview"),
]
