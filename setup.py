import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
source = (here / "dockerflow/__init__.py").read_text(encoding="utf-8")
version = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)

setup(
    name="dockerflow",
    version=version[1],
    description="Dockerflow for Django: configured by the environment, right when things break.",
    long_description=(here / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    license="MPL-2.0",
    license_files=["LICENSE"],
    packages=find_packages(include=["dockerflow", "dockerflow.*"]),
    package_data={"dockerflow": ["py.typed"], "dockerflow.django.renderers": ["*.css", "*.html"]},
    python_requires=">=3.11",
    install_requires=["Django>=4.2", "python-decouple>=3.8"],
    extras_require={
        "opentelemetry": ["opentelemetry-api>=1.27"],
        "prometheus": ["prometheus-client>=0.21"],
        "statsd": ["statsd>=4"],
        "fast": ["orjson>=3.10"],
        "redis": ["redis>=5"],
        "verify": ["e2b-dockerfile-utils>=0.1.1", "shfmt-py>=4.2"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Web Environment",
        "Framework :: Django",
        "Framework :: Django :: 4.2",
        "Framework :: Django :: 5.2",
        "Framework :: Django :: 6.0",
        "Framework :: Django :: 6.1",
        "Intended Audience :: Developers",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Programming Language :: Python :: 3.14",
        "Programming Language :: Python :: 3.15",
        "Topic :: System :: Monitoring",
        "Typing :: Typed",
    ],
)
