"""What real nova makes of a nova.conf: every [libvirt] live_migration_* option as the release reads it.

Every line on standard input is a JSON string, the path of a file; every line on standard output is a JSON object of
{option: {"value": ...} or {"error": words}}, or {"error": words} where nova does not take the file at all. It does not
know novamend.
"""

import json
import logging
import os
import sys

import nova.conf
from oslo_config import cfg

CONF = nova.conf.CONF


def read(name):
    try:
        return {'value': getattr(CONF.libvirt, name)}
    except (cfg.Error, ValueError) as error:
        return {'error': str(error)}


def answer(path):
    try:
        CONF([], project='nova', default_config_files=[path], default_config_dirs=[])
    except (cfg.Error, UnicodeDecodeError) as error:
        return {'error': str(error)}
    return {name: read(name) for name in sorted(CONF.libvirt) if name.startswith('live_migration_')}


logging.disable()
for line in sys.stdin:
    # A process of its own for each, because what one file makes nova register stays registered.
    child = os.fork()
    if child == 0:
        print(json.dumps(answer(json.loads(line))), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
