"""Tutor plugin: Course Companion inside the LMS and Studio."""
