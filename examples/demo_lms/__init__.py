"""A small LMS for demos and tests of Course Companion. Never for production: see README.md."""
