# Runs in the Python of the host's nova: lets nova's own live-migration code decide, and hands each of its calls of libvirt on.
#
# It has no connection to libvirt itself: a call is a line of JSON to novamend-verify, the answer is another. It writes no file.
# Of nova nothing is changed but what it takes from outside: the module `libvirt`, and the clock of the module `driver`.

import json
import os
import signal
import socket
import sys
import threading
import types

NOBODY_KNOWS = 'no reason was given'
DESTINATION = 'novamend-destination'


def described(error):
    text = ' '.join(str(error).split()) or NOBODY_KNOWS
    return '%s: %s' % (type(error).__name__, text[:600])


def installed():
    """The version of the package nova, without running any of it."""
    try:
        from importlib import metadata
    except ImportError:
        import pkg_resources
        return pkg_resources.get_distribution('nova').version
    return metadata.version('nova')


def look():
    """Prints which nova this Python has."""
    word = {'python': '%d.%d.%d' % sys.version_info[:3]}
    try:
        word['nova'] = installed()
    except Exception as error:
        word['failed'] = described(error)
    print(json.dumps(word))


class LibvirtError(Exception):
    """What libvirt's binding raises; nova asks it for the code and the message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message

    def get_error_code(self):
        return self.code

    def get_error_message(self):
        return self.message

    def get_error_domain(self):
        return 0

    def get_error_level(self):
        return 2


class GivenUp(BaseException):
    """The trial is over for novamend; nova's monitor is left, whatever it catches."""


class Line:
    """The way to novamend-verify; one call at a time."""

    def __init__(self, number):
        self.heard = os.fdopen(os.dup(number), 'r', encoding='utf-8')
        self.said = os.fdopen(number, 'w', encoding='utf-8')
        self.lock = threading.Lock()

    def say(self, word):
        self.said.write(json.dumps(word) + '\n')
        self.said.flush()

    def hear(self):
        text = self.heard.readline()
        if not text:
            os._exit(0)
        return json.loads(text)

    def ask(self, call, **rest):
        with self.lock:
            self.say(dict(rest, call=call))
            answer = self.hear()
        if 'refused' in answer:
            raise LibvirtError(answer['refused']['code'], answer['refused']['message'])
        return answer.get('done')


class Operation:
    """The call that migrates, which blocks nova's other thread: it has been started, and one day it returns."""

    def __init__(self):
        self.begun, self.returned = threading.Event(), threading.Event()
        self.result, self.error, self.thread = None, None, None

    def run(self, work):
        def run():
            try:
                work()
            except Exception as error:
                self.error = error
            self.begun.set()
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        self.begun.wait()

    def end(self, result):
        self.result = result
        self.returned.set()
        self.thread.join()

    # what nova's monitor asks: an event of eventlet, or a future
    def ready(self):
        return not self.thread.is_alive()

    done = ready


class Domain:
    """The domain as libvirt's binding shows it; what is not here nova does not need for a live migration."""

    def __init__(self, line, operation):
        self.line, self.operation = line, operation

    def jobStats(self, flags=0):
        return self.line.ask('job')

    def info(self):
        return [self.line.ask('state'), 0, 0, 1, 0]

    def state(self, flags=0):
        return [self.line.ask('state'), 0]

    def isActive(self):
        return self.line.ask('is_active')

    def isPersistent(self):
        return 1

    def ID(self):
        return 1

    def name(self):
        return 'novamend-probe'

    def UUIDString(self):
        return Instance.uuid

    def XMLDesc(self, flags=0):
        return self.line.ask('xml', flags=flags)

    def abortJob(self):
        self.line.ask('abort')

    def migrateStartPostCopy(self, flags=0):
        self.line.ask('start_post_copy')

    def suspend(self):
        self.line.ask('suspend')

    def resume(self):
        self.line.ask('resume')

    def migrateSetMaxDowntime(self, downtime, flags=0):
        self.line.ask('set_downtime', milliseconds=downtime)

    def migrateToURI3(self, dconnuri, params, flags=0):
        given = {name: value for name, value in params.items() if isinstance(value, (int, str))}
        self.line.ask('migrate', uri=dconnuri, params=given, flags=flags)
        self.operation.begun.set()
        self.operation.returned.wait()
        if 'refused' in self.operation.result:
            refused = self.operation.result['refused']
            raise LibvirtError(refused['code'], refused['message'])


class Clock:
    """Nova's clock: novamend says how late it is, and what happened while nova slept."""

    def __init__(self, line, operation):
        self.line, self.operation = line, operation

    def time(self):
        return self.line.ask('time')

    def sleep(self, seconds):
        word = self.line.ask('sleep')
        if word['returned'] is not None and not self.operation.returned.is_set():
            self.operation.end(word['returned'])
        if word['stop']:
            raise GivenUp()


class Host:
    """Of nova's own view of the host, what its flags hang on in old releases: libvirt and QEMU are new enough for each of them."""

    def has_min_version(self, lv_ver=None, hv_ver=None, hv_type=None):
        return True


class Flavor:
    """As small as flavors are; nova scales its timeouts by at least 2 GiB."""

    memory_mb, vcpus, root_gb, ephemeral_gb, swap = 64, 1, 0, 0, 0
    name = 'novamend-probe'
    extra_specs = {}


class Instance:
    """Nova's record of the guest, which is in no database."""

    uuid = '6e6f7661-6d65-4e64-8000-000000000001'
    id, name, host = 1, 'instance-00000001', 'novamend-source'
    vm_state, task_state, power_state = 'active', 'migrating', 1
    resources = numa_topology = migration_context = system_metadata = image_meta = None
    progress = 0
    flavor = Flavor()

    def __getitem__(self, name):
        return getattr(self, name)

    def save(self, *_arguments, **_named):
        pass


class Nova:
    """Nova's modules, with a libvirt that is no binding."""

    def __init__(self, constants):
        libvirt = types.ModuleType('libvirt')
        libvirt.libvirtError = LibvirtError
        for name, value in constants.items():
            setattr(libvirt, name, value)
        sys.modules['libvirt'] = libvirt
        import logging
        logging.disable(logging.CRITICAL)
        from nova import objects
        import nova.conf
        from nova.virt.libvirt import driver, guest, host, migration
        objects.register_all()
        for module in (driver, guest, host, migration):
            module.libvirt = libvirt
        self.conf, self.objects = nova.conf.CONF, objects
        self.driver, self.guest = driver, guest
        self.version = installed()

    def configure(self, options):
        """Has nova read these options of [libvirt], and none else."""
        lines = ['[libvirt]'] + ['%s = %s' % (name, value) for name, value in sorted(options.items())]
        reading, writing = os.pipe()
        os.write(writing, ('\n'.join(lines) + '\n').encode())
        os.close(writing)
        self.conf([], project='nova', default_config_files=['/proc/self/fd/%d' % reading], default_config_dirs=[])
        os.close(reading)

    def made(self, order):
        """Nova's driver, but for what its start does to a host."""
        self.configure(order['options'])
        made = object.__new__(self.driver.LibvirtDriver)
        made._host = Host()
        made.active_migrations = {}
        made._vpmems_by_name = {}
        made._parse_migration_flags()
        return made

    def flags(self, line, order):
        made = self.made(order)
        return {'live': made._live_migration_flags, 'block': made._block_migration_flags}

    def data(self):
        """What the destination tells the source before a migration."""
        data = self.objects.migrate_data.LibvirtLiveMigrateData()
        data.block_migration = False
        data.is_shared_instance_path = data.is_shared_block_storage = True
        data.serial_listen_addr = data.graphics_listen_addr_vnc = data.graphics_listen_addr_spice = None
        data.serial_listen_ports = []
        data.bdms = []
        data.target_connect_addr = self.conf.libvirt.live_migration_inbound_addr
        data.migration = self.objects.Migration(status='running', id=1)
        data.migration.save = lambda *_arguments, **_named: None
        return data

    def trial(self, line, order):
        """Nova's operation and nova's monitor over the domain; how the monitor took the migration to end."""
        from collections import deque
        operation = Operation()
        made = self.made(order)
        domain, instance, data = Domain(line, operation), Instance(), self.data()
        guest = self.guest.Guest(domain)
        made.active_migrations[instance.uuid] = deque()
        operation.run(lambda: made._live_migration_operation(
            None, instance, DESTINATION, False, data, guest, []))
        if operation.error is not None:
            return {'outcome': 'not_started', 'why': described(operation.error)}
        ended = {}

        def completed(*_arguments, **_named):
            ended['outcome'] = 'completed'

        def recovered(*arguments, **named):
            status = named.get('migration_status', arguments[4] if len(arguments) > 4 else None)
            ended['outcome'] = 'cancelled' if status == 'cancelled' else 'failed'

        real, self.driver.time = self.driver.time, Clock(line, operation)
        try:
            made._live_migration_monitor(
                None, instance, guest, DESTINATION, completed, recovered, False, data, operation, [])
        except GivenUp:
            ended = {'outcome': 'given_up'}
        except Exception as error:
            ended = {'outcome': 'died', 'why': described(error)}
        finally:
            self.driver.time = real
        if not ended:
            ended = {'outcome': 'died', 'why': 'it returned and called neither of its methods'}
        if not operation.returned.is_set():
            # the call may return later; nova's thread is not waited for
            operation.end({'refused': {'code': 0, 'message': 'nobody listens any more'}})
        return ended


def attend(line, nova, word):
    """Does what is asked on one line, one after the other, until it closes."""
    line.say(word)
    while True:
        order = line.hear()
        try:
            answer = dict(getattr(nova, order['do'])(line, order), call='end')
        except Exception as error:
            answer = {'call': 'end', 'outcome': 'died', 'why': described(error)}
        line.say(answer)


def serve():
    """Imports nova once, and does what is asked on each line that comes, in a process of its own."""
    door = socket.fromfd(0, socket.AF_UNIX, socket.SOCK_SEQPACKET)
    constants = json.loads(door.recv(1 << 16).decode())
    nova, word = None, {}
    try:
        nova = Nova(constants)
        word['nova'] = nova.version
    except BaseException as error:
        word['failed'] = described(error)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, rights, _flags, _address = door.recvmsg(16, socket.CMSG_SPACE(4))
        if not data:
            return
        number = int.from_bytes(rights[0][2][:4], sys.byteorder)
        if os.fork() == 0:
            door.close()
            os.close(0)
            attend(Line(number), nova, word)
        os.close(number)


{'look': look, 'serve': serve}[sys.argv[1]]()
