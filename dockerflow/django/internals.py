"""Every private name of Django and asgiref that this package cannot do without.

One function each. Its docstring says why, on which Django versions it was seen, and what the public
way would be. ``tests/django/test_internals.py`` has a test for each, which fails by name when Django
changes it.
"""
