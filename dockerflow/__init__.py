"""Dockerflow for Django: a good citizen of a container platform, by configuration alone.

The specification: https://github.com/mozilla-services/Dockerflow
"""

__version__ = "2026.11.0"
