"""What gunicorn finds by itself when it is started here; it listens on ``0.0.0.0:$PORT``."""

import dockerflow.logging

wsgi_app = "config.wsgi"
threads = 4
control_socket_disable = True  # it would be a file in the home directory
logconfig_dict = dockerflow.logging.config()
