"""What real oslo.config makes of a stack of files and an environment: the oracle for novamend's layers.

Every line on standard input is a JSON object:

    {"files": [path, ...], "environment": {"OS_GROUP__NAME": value, ...},
     "options": [{"group", "name", "kind", "default", "min", "aliases": [[group, name], ...]}, ...]}

with kind one of string, integer, boolean, list, multi. The files are given as default files, in their order. Every
line on standard output is a JSON list with one entry per option, {"value": ...} or {"error": words}; or
{"error": words} where oslo.config takes the files not at all. It does not know novamend.
"""

import collections
import collections.abc
import json
import logging
import os
import sys

# oslo.config before 6 looks for the abstract classes where Python 3.9 still had them.
for name in ('Mapping', 'MutableMapping', 'Sequence'):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from oslo_config import cfg  # noqa: E402

KINDS = {
    'string': cfg.StrOpt,
    'integer': cfg.IntOpt,
    'boolean': cfg.BoolOpt,
    'list': cfg.ListOpt,
    'multi': cfg.MultiStrOpt,
}


def option(facts):
    old = [cfg.DeprecatedOpt(name, group=group) for group, name in facts['aliases']]
    limits = {'min': facts['min']} if facts['kind'] == 'integer' else {}
    return KINDS[facts['kind']](facts['name'], default=facts['default'], deprecated_opts=old, **limits)


def read(conf, facts):
    group = conf if facts['group'] == 'DEFAULT' else conf[facts['group']]
    try:
        return {'value': group[facts['name']]}
    # UnboundLocalError is how oslo.config 6.12 stumbles over a value it rejects.
    except (cfg.Error, ValueError, RecursionError, UnboundLocalError) as error:
        return {'error': str(error)}


def answer(asked):
    for name in [name for name in os.environ if name.startswith('OS_')]:
        del os.environ[name]
    os.environ.update(asked['environment'])
    conf = cfg.ConfigOpts()
    for facts in asked['options']:
        conf.register_opt(option(facts), group=None if facts['group'] == 'DEFAULT' else facts['group'])
    try:
        conf(args=[], project='none', default_config_files=asked['files'])
    except (cfg.Error, UnicodeDecodeError) as error:
        return {'error': str(error)}
    return [read(conf, facts) for facts in asked['options']]


logging.disable()
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
