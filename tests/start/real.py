"""Whether real nova starts with a nova.conf.

Every line on standard input is a JSON object:

    {"conf": "text of a nova.conf", "program": "nova-compute", "whole": false}

Only `conf` is needed, or in its place the path of a nova.conf as `file`. Without `whole`, what every nova.conf of a cloud
has (needed.conf) is read before it, so that a few lines can be asked about. Every line on standard output is a JSON object:

    {"refused": false, "later": [...]}
    {"refused": true, "check": "...", "exception": "InvalidConfiguration", "message": "...", "later": []}
    {"skipped": "pypowervm"}

Where the program only ends (SystemExit), `message` is the last error that it logged or wrote, and `cause`, where there is
one, the exception that it caught. `later` holds what does not stop the program but fails afterwards, each as {"check",
"exception", "message"}. `skipped` names a library that is not installed here, so that nothing can be said. The program is
started by nova's own code: its command line, its manager, its driver (checks.py); stand_ins.py stands in for the rest.
With --list it says what it runs, as tab-separated lines, and whether this nova has it. Paths given as arguments go before
those of the environment it runs in: an unpacked nova, and libraries. It does not know novamend.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import warnings

sys.path[1:1] = [argument for argument in sys.argv[1:] if not argument.startswith('--')]
warnings.simplefilter('ignore')

import stand_ins  # noqa: E402, after the paths
from checks import FAILS, RESOURCES, STOPS, Options, stops_after_all  # noqa: E402
from stand_ins import held, missing, modules  # noqa: E402

NEEDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'needed.conf')
WANTED = [
    'nova.conf',
    'nova.config',
    'nova.rpc',
    'nova.utils',
    'nova.virt.libvirt.config',
    'nova.virt.libvirt.host',
    'nova.virt.libvirt.driver',
    'nova.virt.libvirt.imagebackend',
    'nova.virt.libvirt.cpu.core',
    'nova.privsep.libvirt',
    'nova.pci.request',
    'nova.pci.whitelist',
    'nova.scheduler.client.report',
    'nova.scheduler.host_manager',
    'nova.scheduler.manager',
    'nova.compute.manager',
    'nova.compute.pci_placement_translator',
    'nova.compute.rpcapi',
    'nova.compute.api',
    'nova.conductor.manager',
    'nova.api.openstack.wsgi_app',
    'nova.console.websocketproxy',
    'nova.cmd.baseproxy',
    'nova.cmd.novncproxy',
    'nova.cmd.spicehtml5proxy',
    'nova.cmd.serialproxy',
    'nova.cmd.status',
]


def fresh():
    """Forgets what nova remembers of the last nova.conf, also the options that it made nova register."""
    for name, group in list(conf._groups.items()):
        if name not in options.at_first:
            del conf._groups[name]
            continue
        for option in set(group._opts) - options.at_first[name]:
            del group._opts[option]
    conf.clear()
    for name in ('get_alias_from_config', '_get_alias_from_config'):
        function = getattr(modules['nova.pci.request'], name, None)
        if hasattr(function, 'cache_clear'):
            function.cache_clear()
    stand_ins.put(modules['nova.scheduler.client.report'], 'PLACEMENTCLIENT', None)
    rpcapi = modules['nova.compute.rpcapi']
    stand_ins.put(rpcapi, 'LAST_VERSION', None)
    stand_ins.put(rpcapi, '_ROUTER', None)
    if hasattr(rpcapi, 'reset_globals'):
        rpcapi.reset_globals()


def read(path, asked):
    """Reads a nova.conf as nova's command line does, and sets up its messages."""
    files = [path] if asked.get('whole') else [NEEDED, path]
    config, rpc = modules['nova.config'], modules['nova.rpc']
    for name in ('TRANSPORT', 'NOTIFICATION_TRANSPORT', 'LEGACY_NOTIFIER', 'NOTIFIER'):
        setattr(rpc, name, None)
    config.parse_args([asked['program']], default_config_files=files, configure_db=False)


def not_here(error):
    """The library that was missing, where that and not nova.conf is why: nothing can be said then."""
    for cause in (error, error.__context__):
        if isinstance(cause, ModuleNotFoundError) and not str(cause.name).startswith('nova'):
            return cause.name
    return None


class Memory(logging.Handler):
    """Keeps what nova logs as an error: a program that ends with sys.exit says why only there."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def said(check, error):
    """What nova says of a refusal, without the place of the file."""
    if isinstance(error, SystemExit):
        lines = memory.lines[-1:] or printed.getvalue().strip().splitlines()[-1:] or [str(error.code)]
        cause = error.__context__
        because = {} if cause is None else {'cause': without_place(f'{type(cause).__name__}: {cause}')}
        return {'check': check, 'exception': 'SystemExit', 'message': without_place(lines[0]), **because}
    return {'check': check, 'exception': type(error).__name__, 'message': without_place(str(error))}


def without_place(text):
    return text.replace(folder + os.sep, '')


def run(name, function, asked):
    if name == 'command line':
        read(asked_file, asked)
    elif name == 'options read':
        options.read(conf)
    else:
        function(conf)


def refusal(name, error):
    return {'refused': True, **said(name, error), 'later': []}


def first_refusal(asked):
    for name, programs, function, module, _what in STOPS:
        if asked['program'] not in programs or modules.get(module) is None:
            continue
        try:
            run(name, function, asked)
        except (Exception, SystemExit) as error:
            library = not_here(error)
            return {'skipped': library} if library else refusal(name, error)
    return None


def afterwards(asked):
    later = []
    for name, programs, function, module, _what in FAILS:
        if asked['program'] not in programs or modules.get(module) is None:
            continue
        try:
            function(conf)
        except Exception as error:
            if name in RESOURCES and stops_after_all(error):
                return refusal(name, error)
            later.append(said(name, error))
    return {'refused': False, 'later': later}


def answer(asked):
    asked.setdefault('program', 'nova-compute')
    held.clear()
    held['program'] = asked['program']
    memory.lines.clear()
    fresh()
    if 'file' in asked:
        shutil.copyfile(asked['file'], asked_file)
    else:
        with open(asked_file, 'w', encoding='utf-8') as file:
            file.write(asked['conf'])
    printed.seek(0)
    printed.truncate()
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        return first_refusal(asked) or afterwards(asked)


def listed():
    for kind, checks in (('stops', STOPS), ('fails later', FAILS)):
        for name, programs, _function, module, what in checks:
            there = 'runs' if modules.get(module) is not None else f'not here ({missing.get(module)})'
            print(kind, name, ','.join(programs), module, there, what, sep='\t')


printed = io.StringIO()
folder = tempfile.mkdtemp()
atexit.register(shutil.rmtree, folder, ignore_errors=True)
asked_file = os.path.join(folder, 'nova.conf')
stand_ins.libraries()
modules.update({name: stand_ins.optional(name) for name in WANTED})
conf = modules['nova.conf'].CONF
importlib.import_module('nova.objects').register_all()
stand_ins.host_stand_ins()
stand_ins.other_stand_ins()
logging.getLogger().handlers[:] = []
memory = Memory()
logging.getLogger('nova').addHandler(memory)
logging.getLogger('nova').setLevel(logging.ERROR)
logging.lastResort = None
conf.register_opts(importlib.import_module('oslo_service._options').service_opts)
options = Options(conf)
gc.freeze()
if '--list' in sys.argv:
    listed()
else:
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
