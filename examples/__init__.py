"""What shows the Companion at work: a small LMS, later the XBlock workbench."""
