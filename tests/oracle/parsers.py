"""What real nova's own readers of values with a form of their own make of a nova.conf.

Every line on standard input is a JSON array of a reader's name and the text of a nova.conf; every line on standard output is
null where the reader takes it, {"error": message} where it refuses, and {"lacks": true} where this nova has no such reader.
It does not know novamend.
"""

import collections
import contextlib
import hashlib
import importlib.util
import json
import logging
import os
import sys
import tempfile
import types
from unittest import mock

from oslo_utils import secretutils

# What old nova asks of new libraries.
if not hasattr(secretutils, 'md5'):
    secretutils.md5 = lambda data=b'', usedforsecurity=True: hashlib.md5(data, usedforsecurity=usedforsecurity)

if not importlib.util.find_spec('netifaces'):
    sys.modules['netifaces'] = types.ModuleType('netifaces')

import nova.conf
from nova import exception
from nova.pci import request, utils, whitelist
from nova.virt import hardware
from nova.virt.libvirt import driver

CONF = nova.conf.CONF
FOUND = {name: set(group._opts) for name, group in CONF._groups.items()}
with contextlib.suppress(ImportError):
    from nova.compute import pci_placement_translator
Driver = driver.LibvirtDriver


class Namespaces(dict):
    """A host that has every namespace with a name."""

    def __contains__(self, name):
        return bool(name)

    def __missing__(self, name):
        return mock.Mock()


class Lacking(Exception):
    """This nova has no such reader."""


def bare():
    """A driver that was not started."""
    made = object.__new__(Driver)
    made.pgpu_type_mapping, made.mdev_class_mapping = {}, {}
    made.mdev_type_max_mapping, made.mdev_classes = collections.defaultdict(str), set()
    made.pgpu_type_default, made.virtual_mdevs = None, set()
    return made


def pci_spec():
    with mock.patch.object(utils, 'get_function_by_ifname', lambda _name: (None, False)):
        found = whitelist.Whitelist(CONF.pci.device_spec if 'device_spec' in CONF.pci else CONF.pci.passthrough_whitelist)
    # The resource tracker does so a moment later.
    if 'report_in_placement' in CONF.pci and CONF.pci.report_in_placement:
        pci_placement_translator.ensure_no_dev_spec_with_devname(found.specs)


def pci_alias():
    read = getattr(request, 'get_alias_from_config', None) or request._get_alias_from_config
    getattr(read, 'cache_clear', lambda: None)()
    read()


def mdev():
    bare()._get_supported_vgpu_types()
    devices = nova.conf.devices
    if not hasattr(devices, 'register_dynamic_opts'):
        return
    devices.register_dynamic_opts(CONF)
    kinds = CONF.devices.enabled_mdev_types if 'enabled_mdev_types' in CONF.devices else ()
    # The service reads all options a moment after its start.
    for kind in kinds:
        group = getattr(CONF, f'mdev_{kind}')
        for name in group:
            getattr(group, name)


def pmem():
    if not hasattr(Driver, '_discover_vpmems'):
        raise Lacking
    with mock.patch.object(Driver, '_get_vpmems_on_host', lambda _self: Namespaces()):
        bare()._discover_vpmems(CONF.libvirt.pmem_namespaces)


def huge_pages():
    hardware.numa_get_reserved_huge_pages()


def physnets():
    nova.conf.neutron.register_dynamic_opts(CONF)
    for network in CONF.neutron.physnets:
        getattr(CONF, f'neutron_physnet_{network}').numa_nodes
    # A host of four NUMA nodes, as the driver reports it a moment later.
    cells = [types.SimpleNamespace(id=number, cpus=[], mempages=[], memory=1) for number in range(4)]
    host = mock.MagicMock()
    host._host.get_capabilities.return_value.host.topology.cells = cells
    host._get_vcpu_available.return_value = host._get_pcpu_available.return_value = set()
    with mock.patch.object(driver, 'objects', mock.MagicMock()):
        Driver._get_host_numa_topology(host)


def cpu_sets():
    # Before Train they were read when a guest was made.
    if not hasattr(hardware, 'get_cpu_dedicated_set'):
        raise Lacking
    hardware.get_cpu_shared_set()
    hardware.get_cpu_dedicated_set()


def forget():
    """Takes back what the last nova.conf made nova register."""
    for name, group in list(CONF._groups.items()):
        if name not in FOUND:
            del CONF._groups[name]
            continue
        for option in set(group._opts) - FOUND[name]:
            del group._opts[option]
    CONF.clear()


def answer(reader, text, path):
    forget()
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    try:
        CONF([], project='nova', default_config_files=[path], default_config_dirs=[])
        READERS[reader]()
    except Lacking:
        return {'lacks': True}
    except exception.NovaException as error:
        return {'error': error.format_message()}
    except Exception as error:  # whatever it is ends the service
        return {'error': str(error)}
    return None


READERS = {
    'pci-spec': pci_spec,
    'pci-alias': pci_alias,
    'mdev': mdev,
    'pmem': pmem,
    'huge-pages': huge_pages,
    'physnets': physnets,
    'cpu-sets': cpu_sets,
}

logging.disable()
with tempfile.TemporaryDirectory() as directory:
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line), os.path.join(directory, 'nova.conf'))), flush=True)
