"""Every option that one nova release registers when its nova.conf is imported.

The one line on standard input is a JSON array of paths that go before those of the environment this runs in: nova's
wheel, imported as it lies there, and libraries. The one line on standard output is a JSON array of options. It does not
know novamend. An option says `group`, `name` (its dest), `by` (the top package of the module that made it: nova's own say
`nova`, those that nova lets a library make, such as keystoneauth1, say that), `old` (its old names, each with the package
that made it), `dummy` (whatever is set, it reads as unset), `multi`, `mutable`, `secret`, `deprecated_for_removal`, and,
where it is plain data that is the same on every host, `default`.
"""

import importlib
import importlib.util
import json
import os
import pkgutil
import socket
import sys

BEFORE = json.loads(sys.stdin.readline())
sys.path[1:1] = BEFORE

from oslo_config import cfg  # noqa: E402

def maker():
    """The top package of the module that is making something for oslo.config, or oslo.config's own."""
    frame = sys._getframe(1)
    while frame and frame.f_globals.get('__name__', '').split('.')[0] in ('oslo_config', '__main__'):
        frame = frame.f_back
    package = frame.f_globals['__name__'].split('.')[0] if frame else 'importlib'
    return 'oslo_config' if package == 'importlib' else package


def watch(kind):
    """Marks each `kind` with who makes it; the mark stays on copies."""
    original = kind.__init__

    def made(self, *args, **kwargs):
        self.made_by = maker()
        original(self, *args, **kwargs)

    kind.__init__ = made
    kind.made_by = 'oslo_config'  # what it made for itself before


def hosts():
    """What defaults of this host alone contain."""
    return {socket.gethostname(), socket.getfqdn(), sys.prefix, BEFORE[0], os.sep + 'site-packages'} - {''}


def is_plain(value):
    if isinstance(value, (list, tuple)):
        return all(is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def described(group, info):
    option = info['opt']
    old = [[old.group or group, old.name or option.name, old.made_by] for old in option.deprecated_opts]
    said = {'group': group, 'name': option.dest, 'by': option.made_by, 'old': old, 'multi': option.multi}
    said['dummy'] = getattr(option.type, '__name__', '') == '<lambda>'
    for flag in ('mutable', 'secret', 'deprecated_for_removal'):
        said[flag] = bool(getattr(option, flag, False))
    default = info.get('default', option.default)
    if is_plain(default) and not any(host in str(default) for host in hosts()):
        said['default'] = default
    return said


def call(hook):
    """What nova registers beside: for its command lines, and once it has read its configuration."""
    for module in pkgutil.iter_modules(sys.modules['nova.conf'].__path__):
        module = importlib.import_module(f'nova.conf.{module.name}')
        if hasattr(module, hook):
            getattr(module, hook)(conf)


for kind in (cfg.Opt, cfg.DeprecatedOpt):
    watch(kind)
conf = importlib.import_module('nova.conf').CONF
call('register_cli_opts')
conf([], project='nova', default_config_files=[], default_config_dirs=[])
call('register_dynamic_opts')
if importlib.util.find_spec('nova.privsep'):
    importlib.import_module('nova.privsep')
groups = [('DEFAULT', conf._opts)] + [(name, group._opts) for name, group in conf._groups.items()]
print(json.dumps([
    described(name if name == 'DEFAULT' else name.lower(), info) for name, options in groups for info in options.values()
]))
