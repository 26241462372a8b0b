"""Every private name of Django and asgiref that this package cannot do without.

One function each. Its docstring says why, and on which Django versions the name was seen.
``tests/django/test_internals.py`` has a test for each, which fails by name when Django changes it.
"""
