"""Stand-ins for what real nova meets when it starts: libvirt, a host, a cloud's network and its database.

The host can do everything: it has two NUMA nodes with four CPUs each, pages of 2 MiB and 1 GiB, every capability, user
and binary, and a recent libvirt and QEMU. Keystone and placement answer what nova asks at its
start. What an old nova needs of libraries that have dropped it since is given back. Used by real.py; it does not
know novamend.
"""

import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import shutil
import sys
import types

# The modules of nova that are imported, by name, and why others are not.
modules, missing = {}, {}
# The program that is asked about, and its driver once it is made.
held = {}

# A host of two NUMA nodes with four CPUs each, and 2 MiB and 1 GiB pages.
CELL = (
    '<cell id="{0}"><memory unit="KiB">8388608</memory><pages unit="KiB" size="4">1048576</pages>'
    '<pages unit="KiB" size="2048">1024</pages><pages unit="KiB" size="1048576">2</pages><cpus num="4">{1}</cpus></cell>'
)
CPU = '<cpu id="{0}" socket_id="{1}" core_id="{0}" siblings="{0}"/>'
CAPABILITIES = (
    '<capabilities><host><uuid>7f0e4e2c-3c9b-4f1e-8a7e-1d8f8e0d5a11</uuid><cpu><arch>x86_64</arch><model>Skylake-Server'
    '</model><vendor>Intel</vendor><topology sockets="1" cores="4" threads="1"/></cpu><topology><cells num="2">'
    + ''.join(CELL.format(node, ''.join(CPU.format(4 * node + cpu, node) for cpu in range(4))) for node in range(2))
    + '</cells></topology></host><guest><os_type>hvm</os_type><arch name="x86_64"><wordsize>64</wordsize>'
    '<domain type="qemu"/><domain type="kvm"/></arch></guest></capabilities>'
)
MODELS = [
    'qemu64',
    'kvm64',
    'Nehalem',
    'Westmere',
    'SandyBridge',
    'IvyBridge',
    'Haswell',
    'Haswell-noTSX',
    'Broadwell',
    'Skylake-Client',
    'Skylake-Server',
    'Cascadelake-Server',
    'Icelake-Server',
    'SapphireRapids',
    'EPYC',
    'EPYC-Rome',
]
PERF_EVENTS = ['CMT', 'MBMT', 'MBML', 'CPU_CYCLES', 'INSTRUCTIONS', 'CACHE_REFERENCES', 'CACHE_MISSES']
NAMESPACES = [
    {'name': f'ns{number}', 'size': 2**30, 'daxregion': {'align': 2**21, 'devices': [{'chardev': f'dax0.{number}'}]}}
    for number in range(8)
]


class Anything:
    """A stand-in: has every attribute, can be called, and answers with another."""

    def __init__(self, *_args, **fields):
        self.__dict__.update(fields)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *_args, **_fields):
        return Anything()

    def __getitem__(self, _key):
        return Anything()


class Libvirt(types.ModuleType):
    """The libvirt module, as far as nova asks for its constants."""

    class libvirtError(Exception):
        pass

    class virConnect:
        pass

    def __getattr__(self, name):
        if name.startswith('VIR_PERF_PARAM_') and name[15:] not in PERF_EVENTS:
            raise AttributeError(name)
        if name.startswith('VIR_'):
            return 1 << (int(hashlib.sha256(name.encode()).hexdigest(), 16) % 30)
        if name.startswith('__'):
            raise AttributeError(name)
        return Anything()


def number(version):
    return version[0] * 1000000 + version[1] * 1000 + version[2]


class Connection(Anything):
    """A connection to a libvirt and a QEMU that are recent enough for every nova, and not the newest."""

    libvirt, qemu = (11, 0, 0), (10, 0, 0)

    def getLibVersion(self):
        return number(Connection.libvirt)

    def getVersion(self):
        return number(Connection.qemu)

    def getType(self):
        return 'QEMU'


class Hypervisors(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the libraries of hypervisors other than libvirt, where they are not installed, as modules of anything."""

    NAMES = ('oslo_vmware', 'zvmconnector', 'ironicclient')

    def find_spec(self, name, _path=None, _target=None):
        if name.split('.')[0] in self.NAMES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def exec_module(self, module):
        module.__getattr__ = lambda name: getattr(Anything(), name)


def dropped(name):
    """The name of a volume connector, which is all that os-brick's constants are."""
    if not name.isupper():
        raise AttributeError(name)
    return name


def libraries():
    """Lets old nova import with new libraries, and no nova patch the standard library."""
    patch = types.ModuleType('nova.monkey_patch')
    patch.patch, patch.is_patched, patch.poison_eventlet, patch.MONKEY_PATCHED = (
        Anything(),
        lambda: True,
        Anything(),
        True,
    )
    sys.modules['nova.monkey_patch'] = patch
    sys.modules['libvirt'] = Libvirt('libvirt')
    sys.meta_path.append(Hypervisors())
    hubs = importlib.import_module('eventlet.hubs')
    use_hub = hubs.use_hub
    # The hub of an old oslo.service, which is no more.
    hubs.use_hub = lambda hub=None: None if str(hub).startswith('oslo_service') else use_hub(hub)
    # Volume connectors that os-brick has dropped since; an old nova makes all of them at its start.
    importlib.import_module('os_brick.initiator').__getattr__ = dropped
    importlib.import_module('os_brick.initiator.connector').InitiatorConnector.factory = Anything()
    if not importlib.util.find_spec('netifaces'):
        sys.modules['netifaces'] = types.ModuleType('netifaces')
    from oslo_utils import secretutils

    if not hasattr(secretutils, 'md5'):
        secretutils.md5 = lambda data=b'', usedforsecurity=True: hashlib.md5(data, usedforsecurity=usedforsecurity)


def optional(name):
    """A module, or None where this nova has none or it does not import here; the reason is kept for --list."""
    try:
        return importlib.import_module(name)
    except Exception as error:  # an old nova may trip over anything
        missing[name] = f'{type(error).__name__}: {error}'
        return None


def put(module, name, value):
    """Puts a stand-in in place of what is there; what is not there needs none."""
    if module is not None and hasattr(module, name):
        setattr(module, name, value)


def host_stand_ins():
    """A hypervisor host that can do everything."""
    host, driver = modules['nova.virt.libvirt.host'], modules['nova.virt.libvirt.driver']
    vconfig = modules['nova.virt.libvirt.config']
    capabilities = vconfig.LibvirtConfigCaps()
    capabilities.parse_str(CAPABILITIES)
    answers = {
        'initialize': None,
        'get_connection': Connection(),
        'get_capabilities': capabilities,
        'list_all_devices': [],
        'get_cpu_model_names': MODELS,
        'list_pci_devices': [],
        'list_guests': [],
        'get_hostname': 'here',
        'get_online_cpus': set(range(8)),
        'get_available_cpus': set(range(8)),
        'device_start': None,
        'get_cpu_count': 8,
        'list_instance_domains': [],
    }
    for name, value in answers.items():
        put(host.Host, name, lambda self, *_args, _value=value, **_fields: _value)
    for name in ('supports_secure_boot', 'supports_uefi', 'supports_vtpm', 'supports_virtio_fs'):
        put(host.Host, name, True)
    for name in (
        '_set_multiattach_support',
        '_recreate_assigned_mediated_devices',
        '_check_my_ip',
        '_compare_cpu',
        '_start_inactive_mediated_devices',
        '_init_host_topology',
    ):
        put(driver.LibvirtDriver, name, lambda self, *_args, **_fields: None)
    put(
        driver.LibvirtDriver,
        '_get_cpu_info',
        lambda self: {'arch': 'x86_64', 'model': 'Skylake-Server', 'features': []},
    )
    put(driver, 'shutil', types.SimpleNamespace(**dict(vars(shutil), which=lambda name, *_args: f'/usr/bin/{name}')))
    put(driver, 'pwd', Anything())
    put(driver, 'grp', Anything())
    if hasattr(driver, 'linuxscsi'):
        put(driver.linuxscsi.LinuxSCSI, 'is_multipath_running', lambda *_args, **_fields: True)
    core = modules['nova.virt.libvirt.cpu.core']
    for name, value in {
        'get_online': True,
        'get_governor': 'performance',
        'get_available_cores': set(range(8)),
        'set_online': True,
        'set_offline': True,
        'set_governor': None,
    }.items():
        put(core, name, lambda *_args, _value=value: _value)
    privsep = modules['nova.privsep.libvirt']
    put(privsep, 'get_pmem_namespaces', lambda *_args: json.dumps(NAMESPACES))


def network(_self, url, method='GET', **_fields):
    """A cloud whose keystone and placement answer what nova asks of them at start."""
    where = {'rel': 'self', 'href': url}
    body = {'versions': [{'id': 'v1.0', 'min_version': '1.0', 'max_version': '1.99', 'status': 'CURRENT', 'links': [where]}]}
    answered = importlib.import_module('requests').Response()
    answered.status_code, answered.url = 200, url
    if url.endswith('/auth/tokens'):
        endpoint = {
            'interface': 'internal',
            'region': 'RegionOne',
            'region_id': 'RegionOne',
            'url': 'http://127.0.0.1:9',
            'id': 'e',
        }
        services = [
            {'type': kind, 'name': kind, 'id': kind, 'endpoints': [endpoint, dict(endpoint, interface='public')]}
            for kind in ('placement', 'network', 'image', 'volumev3', 'identity', 'baremetal', 'compute')
        ]
        body = {
            'token': {
                'expires_at': '2999-01-01T00:00:00Z',
                'issued_at': '2020-01-01T00:00:00Z',
                'methods': ['password'],
                'user': {'id': 'u', 'name': 'u', 'domain': {'id': 'd', 'name': 'd'}},
                'catalog': services,
            }
        }
        answered.headers['X-Subject-Token'] = 'token'
    elif 'v3' in url or ':5000' in url or ':35357' in url or 'identity' in url or 'keystone' in url:
        body = {'version': {'id': 'v3.14', 'status': 'stable', 'links': [where]}}
    answered.headers['Content-Type'] = 'application/json'
    answered._content = json.dumps(body).encode()
    return answered


def all_cells(version):
    """The oldest compute service of all cells, which a compute service itself may not ask for."""
    if held['program'] == 'nova-compute':
        raise importlib.import_module('nova.exception').DBNotAllowed(binary='nova-compute')
    return version


def other_stand_ins():
    """No database and no network."""
    vmware = optional('nova.virt.vmwareapi.driver')
    for name in ('session', 'volumeops', 'vmops', 'host', 'vm_util', 'VMwareAPISession'):
        put(vmware, name, Anything())
    for name in (
        '_check_min_version',
        '_register_openstack_extension',
        '_get_vcenter_uuid',
        '_create_nodename',
        'init_host',
    ):
        put(getattr(vmware, 'VMwareVCDriver', None), name, Anything())
    ironic = optional('nova.virt.ironic.driver')
    put(getattr(ironic, 'IronicDriver', None), '_can_send_version', Anything())
    zvm = optional('nova.virt.zvm.hypervisor')
    put(zvm, 'Hypervisor', Anything())
    manager = modules['nova.scheduler.host_manager'].HostManager
    for name in ('refresh_cells_caches', '_load_cells', '_init_aggregates', '_init_instance_info'):
        put(manager, name, lambda self, *_args, **_fields: None)
    instances = importlib.import_module('nova.objects').InstanceList
    for name in ('get_by_host', 'get_by_filters'):
        put(instances, name, lambda *_args, **_fields: [])
    services = importlib.import_module('nova.objects').ServiceList
    put(services, 'get_all_computes_by_hv_type', lambda *_args, **_fields: [])
    service = importlib.import_module('nova.objects').Service
    version = importlib.import_module('nova.objects.service').SERVICE_VERSION
    put(service, 'get_by_host_and_binary', Anything(version=version))
    put(service, 'get_minimum_version', lambda *_args, **_fields: version)
    objects = importlib.import_module('nova.objects.service')
    put(objects, 'get_minimum_version_all_cells', lambda *_args, **_fields: all_cells(version))
    put(modules['nova.utils'], 'raise_if_old_compute', Anything())
    importlib.import_module('keystoneauth1.session').Session.request = network
    put(modules['nova.console.websocketproxy'], 'NovaWebSocketProxy', Anything())
    proxy = modules['nova.cmd.baseproxy']
    # Every path is there: what a console proxy lacks of files, nova.conf does not say.
    path = types.SimpleNamespace(**dict(vars(os.path), exists=lambda _path: True))
    put(proxy, 'os', types.SimpleNamespace(**dict(vars(os), path=path)))
    put(proxy, 'gmr', Anything())
    if proxy is not None:
        proxy.logging = types.SimpleNamespace(setup=Anything())
