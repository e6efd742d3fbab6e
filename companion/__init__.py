"""Course Companion: discussion, expert Q&A and follow-up inside the courses people already use."""

__version__ = "0.1.0"
