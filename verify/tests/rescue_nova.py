"""The monitor of real nova over one domain: nova's own code starts the migration, switches it to post-copy, and watches.

    rescue_nova.py SOURCE-URI PEER-URI MIGRATION-URI UUID

The nova is that of this interpreter's environment. Only what asks nova's database or the network is stood in for. It prints a
line of JSON for each thing that happens; the last one is the outcome: `post` (nova completes the migration), `rollback`, or
what the monitor raised.
"""

import collections
import json
import sys
import threading
from unittest import mock

import libvirt
import nova.conf
from nova.virt.libvirt import driver, guest, host, migration

libvirt.registerErrorHandler(lambda context, error: None, None)
for module in (driver, guest, host, migration):
    module.libvirt = libvirt
CONF = nova.conf.CONF
CONF([], project='nova', default_config_files=[], default_config_dirs=[])
CONF.set_override('live_migration_permit_post_copy', True, 'libvirt')
CONF.set_override('live_migration_timeout_action', 'force_complete', 'libvirt')
CONF.set_override('live_migration_completion_timeout', 1, 'libvirt')

SOURCE, PEER, WAY, UUID = sys.argv[1:5]


def say(**what):
    print(json.dumps(what), flush=True)


class Record:
    """Nova's migration record, of which the status alone matters here."""

    def __init__(self):
        self._status = 'running'

    @property
    def status(self):
        return self._status

    @status.setter
    def status(self, value):
        self._status = value
        say(status=value)

    def save(self):
        pass

    def __getattr__(self, name):
        return 0


class Instance(dict):
    def __init__(self):
        super().__init__()
        self.uuid, self.name, self.vm_state, self.id, self.progress = UUID, 'instance', 'active', 1, 0
        self.flavor = mock.Mock(memory_mb=512)
        self.resources = self.numa_topology = None

    def __getitem__(self, name):
        return getattr(self, name)

    def save(self):
        pass


class Finished:
    """What tells the monitor that the thread of the migrate call has ended."""

    def __init__(self):
        self.event = threading.Event()

    def ready(self):
        return self.event.is_set()

    done = ready


def main():
    record, instance, finished = Record(), Instance(), Finished()
    steering, blocking = libvirt.open(SOURCE), libvirt.open(SOURCE)
    of_nova = object.__new__(driver.LibvirtDriver)
    of_nova.active_migrations = {UUID: collections.deque()}
    of_nova._host = mock.Mock()
    of_nova._parse_migration_flags()
    data = mock.Mock(block_migration=False, migration=record)
    outcome = []

    def operation():
        try:
            guest.Guest(blocking.lookupByUUIDString(UUID)).migrate(
                PEER, migrate_uri=WAY, flags=of_nova._live_migration_flags, bandwidth=CONF.libvirt.live_migration_bandwidth)
        except Exception as error:
            say(call=str(error))
        else:
            say(call='ok')
        finished.event.set()

    threading.Thread(target=operation, daemon=True).start()
    watched = guest.Guest(steering.lookupByUUIDString(UUID))
    with mock.patch.object(migration, 'save_stats', lambda *_: None), \
            mock.patch.object(driver.LibvirtDriver, '_get_vpmems', lambda *_, **__: []):
        try:
            of_nova._live_migration_monitor(
                None, instance, watched, 'destination', lambda *_, **__: outcome.append('post'),
                lambda *_, **__: outcome.append('rollback'), False, data, finished, [])
        except Exception as error:
            outcome.append('raised %s: %s' % (type(error).__name__, error))
    say(outcome=outcome[0] if outcome else 'nothing')


main()
