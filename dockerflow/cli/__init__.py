"""The commands of ``python -m dockerflow``, which need no Django."""
