"""The shell scripts of a Dockerfile, read and followed without running them."""
