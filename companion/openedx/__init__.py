"""The Companion as a plugin of Open edX's LMS and Studio. `compat.py` alone imports the platform."""
