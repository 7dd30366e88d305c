"""What real oslo.config makes of a file: the oracle for novamend's reader.

Every line on standard input is a JSON string, the path of a file; every line on standard output is what
oslo_config.cfg.ConfigParser says of it, as JSON:

    {"assignments": [[section, key, value], ...], "sections": {section: {key: [value, ...]}}}
    {"error": "its words", "line": number}          a file it rejects
    {"error": "undecodable"}                        a file that is not UTF-8

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

from oslo_config import cfg  # noqa: E402
from oslo_config import iniparser  # noqa: E402


class Parser(cfg.ConfigParser):
    """The parser as it is, which also remembers the order in which it handed on what it read."""

    def __init__(self, path, sections):
        super().__init__(path, sections)
        self.read = []

    def assignment(self, key, value):
        super().assignment(key, value)
        self.read.append([self.section, key, '\n'.join(value)])


def answer(path):
    sections = {}
    parser = Parser(path, sections)
    try:
        parser.parse()
    except UnicodeDecodeError:
        return {'error': 'undecodable'}
    except iniparser.ParseError as error:
        return {'error': error.msg, 'line': error.lineno}
    return {'assignments': parser.read, 'sections': sections}


for path in sys.stdin:
    print(json.dumps(answer(json.loads(path))), flush=True)
