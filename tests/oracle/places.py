"""Where real oslo.config looks for nova's files: the oracle for novamend's default files.

Prints one JSON object: "places", what it makes of ~/.nova and ~, and "files", those that it finds.
"""

import json

from oslo_config import cfg

print(json.dumps({
    'places': [cfg._fixpath('~/.nova'), cfg._fixpath('~')],
    'files': cfg.find_config_files(project='nova', prog='nova-compute'),
}))
