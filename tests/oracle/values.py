"""What real oslo.config makes of a value: the oracle for novamend's types.

Every line on standard input is a JSON list: a type in the words of src/catalog/data/options.txt ("list<string>"), the
facts beside it ({"min": 0, "choices": [...], ...}) and a text. Every line on standard output is what oslo_config.types
says of the text, as JSON:

    {"value": ...}       whole numbers as text, because they may be long
    {"error": true}      it is rejected
    {"skipped": true}    this oslo.config has no such type, or no such limit

It does not know novamend.
"""

import collections
import collections.abc
import json
import sys

# oslo.config before 6 looks for the abstract classes where Python 3.9 still had them.
for name in ('Mapping', 'MutableMapping', 'Sequence'):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from oslo_config import types  # noqa: E402


class Missing(Exception):
    """This oslo.config cannot do that."""


def make(kind, facts):
    """The type that `kind` and `facts` describe."""
    outer, _, inner = kind.partition('<')
    if inner:
        item = make(inner[:-1], facts.get('item', facts))
        if outer == 'multi':
            return item
        if outer == 'list':
            return types.List(item, bounds=facts.get('bounds', False))
        return types.Dict(item, bounds=facts.get('bounds', False))
    wanted = {
        'boolean': ('Boolean', ()),
        'integer': ('Integer', ('min', 'max', 'choices')),
        'port': ('Port', ('min', 'max', 'choices')),
        'float': ('Float', ('min', 'max')),
        'string': ('String', ('choices', 'regex', 'ignore_case', 'max_length', 'quotes')),
        'uri': ('URI', ('schemes', 'max_length')),
        'ip': ('IPAddress', ('version',)),
        'host-address': ('HostAddress', ('version',)),
        'host-domain': ('HostDomain', ('version',)),
        'hostname': ('Hostname', ()),
        'range': ('Range', ('min', 'max')),
    }[kind]
    known = {key: facts[key] for key in wanted[1] if facts.get(key) is not None}
    try:
        return getattr(types, wanted[0])(**known)
    except (AttributeError, TypeError) as error:
        raise Missing() from error


def plain(value):
    """A value as JSON that keeps what it is."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {'int': str(value)}
    if isinstance(value, float):
        return {'float': repr(value)}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {'dict': [[key, plain(item)] for key, item in value.items()]}
    return {'other': True}


made = {}


def answer(kind, facts, text):
    key = json.dumps([kind, facts], sort_keys=True)
    try:
        if key not in made:
            made[key] = make(kind, facts)
        return {'value': plain(made[key](text))}
    except Missing:
        return {'skipped': True}
    except ValueError:
        return {'error': True}


for line in sys.stdin:
    print(json.dumps(answer(*json.loads(line))), flush=True)
