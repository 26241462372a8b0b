import sys
from pathlib import Path

import dockerflow

sys.path.append(str(Path(__file__).parent))

project = "dockerflow"
author = "The dockerflow maintainers"
release = version = dockerflow.__version__

extensions = ["sphinx.ext.autodoc", "reference"]
exclude_patterns = ["_build", "requirements.txt"]
autodoc_typehints = "none"

html_show_copyright = False
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_title = f"dockerflow {version}"
