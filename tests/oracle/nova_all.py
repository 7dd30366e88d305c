"""What real nova makes of a nova.conf: any option that it registers, and what it warns of.

Every line on standard input is a JSON list: the path of a file and a list of [group, name]. Every line on standard output
is a JSON object:

    {"error": words}                            nova does not take the file
    {"values": {"group.name": {"value": ...} or {"error": true}}, "others": ["group.name", ...],
     "deprecated": [["group", "name"], ...]}

`values` holds those of the options asked for that nova registers by itself, `others` those not asked for whose value is
not their default, `deprecated` what oslo.config warned of while every option was read. It does not know novamend.
"""

import json
import logging
import os
import re
import sys

import nova.conf
from oslo_config import cfg

CONF = nova.conf.CONF
WARNED = re.compile(r'Option "([^"]+)" from group "([^"]+)" is deprecated')


class Memory(logging.Handler):
    """Keeps what oslo.config warns of."""

    def __init__(self):
        super().__init__()
        self.deprecated = []

    def emit(self, record):
        found = WARNED.search(record.getMessage())
        if found:
            self.deprecated.append([found.group(2), found.group(1)])


def options():
    """(group, option, whether nova itself gives it another value) of every option that is registered."""
    groups = [('DEFAULT', CONF._opts)] + [(group.name, group._opts) for group in CONF._groups.values()]
    for group, infos in groups:
        for info in infos.values():
            yield group, info['opt'], 'override' in info or 'default' in info


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def read(group, option):
    where = CONF if group == 'DEFAULT' else getattr(CONF, group)
    try:
        return {'value': plain(getattr(where, option.dest))}
    except (cfg.Error, ValueError, RecursionError):
        return {'error': True}


def answer(path, asked):
    memory = Memory()
    logger = logging.getLogger('oslo_config.cfg')
    logger.addHandler(memory)
    logger.propagate = False
    try:
        CONF([], project='nova', default_config_files=[path], default_config_dirs=[])
    except (cfg.Error, UnicodeDecodeError) as error:
        return {'error': str(error)}
    asked = {(group, name) for group, name in asked}
    values, others = {}, []
    for group, option, is_novas in list(options()):
        found = read(group, option)
        title = f'{group}.{option.dest}'
        if (group, option.dest) in asked:
            values[title] = found
        elif 'value' in found and not is_novas and '$' not in str(option.default):
            if found['value'] != plain(option.default):
                others.append(title)
    return {'values': values, 'others': others, 'deprecated': memory.deprecated}


for line in sys.stdin:
    # A process of its own for each, because what one file makes nova register stays registered.
    child = os.fork()
    if child == 0:
        try:
            found = answer(*json.loads(line))
        except Exception as error:  # an answer in any case: who asks waits for one
            found = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(found), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
