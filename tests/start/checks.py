"""What real nova is asked to do, check by check: what stops a program at its start, and what fails only afterwards.

A check is a function of nova's CONF that raises where nova does. Used by real.py; it does not know novamend.
"""

import contextlib
import types

from stand_ins import Anything, held, modules


class Started(Exception):
    """Nova got past its own checks."""


def compute_manager(_conf):
    manager = modules['nova.compute.manager'].ComputeManager(host='here')
    held['manager'] = manager
    original = manager.driver.init_host

    def init_host(host):
        original(host)
        if type(manager.driver).__name__ == 'LibvirtDriver':
            held['driver'] = manager.driver
        raise Started

    manager.driver.init_host = init_host
    arguments = manager.init_host.__code__.co_argcount - 1
    with contextlib.suppress(Started):
        manager.init_host(*[None] * arguments)


def scheduler_manager(_conf):
    modules['nova.scheduler.manager'].SchedulerManager(host='here')


def conductor_manager(_conf):
    modules['nova.conductor.manager'].ConductorManager(host='here')


def api_set_up(_conf):
    wsgi = modules['nova.api.openstack.wsgi_app']
    wsgi._setup_service('here', 'osapi_compute')


def api_routes(_conf):
    modules['nova.compute.api'].API()


def console_proxy(program):
    def start(_conf):
        command = modules[f'nova.cmd.{program[5:]}']
        config = command.config
        command.config = types.SimpleNamespace(parse_args=Anything())
        try:
            command.main()
        finally:
            command.config = config

    return start


class Options:
    """What oslo.service does once a service runs: it reads every option (log_options).

    What no line of the file sets, and no default refers to, reads as it did in the last file, so that only the rest is read.
    """

    def __init__(self, conf):
        self.at_first = registered(conf)
        self.places, self.always = {}, set()
        for group, options in self.at_first.items():
            for dest in options:
                info = (conf._opts if group is None else conf._groups[group]._opts)[dest]
                option = info['opt']
                if '$' in str(info.get('default', option.default)):
                    self.always.add((group, dest))
                for name in (dest, option.name, *(old.name for old in option.deprecated_opts)):
                    self.places.setdefault(plain(name), set()).add((group, dest))

    def read(self, conf):
        if not conf.log_options:
            return
        wanted = set(self.always)
        for name in set_by(conf):
            wanted |= self.places.get(name, set())
        for group, options in registered(conf).items():
            wanted |= {(group, dest) for dest in options - self.at_first.get(group, set())}
        order = {group: place for place, group in enumerate([None, *conf._groups])}
        for group, dest in sorted(wanted, key=lambda place: (order.get(place[0], -1), place[1])):
            if group is None or group in order:
                getattr(conf if group is None else getattr(conf, group), dest)


def plain(name):
    """A name as a file and an option may both have it."""
    return str(name).lower().replace('-', '_')


def set_by(conf):
    """The names of the options that the files set."""
    return {plain(name) for sections in conf._namespace._parsed for names in sections.values() for name in names}


def registered(conf):
    """The options that are registered, by group."""
    return {None: set(conf._opts), **{name: set(group._opts) for name, group in conf._groups.items()}}


def service_user(_conf):
    check = getattr(modules['nova.cmd.status'].UpgradeCommands(), '_check_service_user_token', None)
    result = check() if check else None
    if result and result.code != 0:
        raise Failed(result.details)


class Failed(Exception):
    """nova-status upgrade check says Failure."""


def stops_after_all(error):
    """Whether nova-compute lets `error` of its first look at its resources end it, by its own word."""
    manager = held.get('manager')
    if manager is None:
        return False

    def fails(*_args, **_fields):
        raise error

    manager.rt = Anything(update_available_resource=fails)
    try:
        manager._update_available_resource_for_node(None, 'here', startup=True)
    except Exception:
        return True
    return False


def pci_alias(_conf):
    request = modules['nova.pci.request']
    name = 'get_alias_from_config' if hasattr(request, 'get_alias_from_config') else '_get_alias_from_config'
    getattr(request, name)()


def numa_topology(_conf):
    driver = held.get('driver')
    if hasattr(driver, '_get_host_numa_topology'):
        driver._get_host_numa_topology()


def pci_devices(conf):
    modules['nova.pci.whitelist'].Whitelist(getattr(conf.pci, 'device_spec', None) or conf.pci.passthrough_whitelist)


def pci_in_placement(conf):
    specs = modules['nova.pci.whitelist'].Whitelist(conf.pci.device_spec).specs
    if conf.pci.report_in_placement:
        modules['nova.compute.pci_placement_translator'].ensure_no_dev_spec_with_devname(specs)


def cpu_inventory(_conf):
    driver = held.get('driver')
    for name in ('_get_vcpu_total', '_get_vcpu_available', '_get_pcpu_available'):
        if hasattr(driver, name):
            getattr(driver, name)()


def image_backend(_conf):
    driver = held.get('driver')
    backend = driver.image_backend.backend() if hasattr(driver, 'image_backend') else None
    if backend is not None and backend.__name__ in ('Lvm', 'Rbd'):
        modules['nova.virt.libvirt.imagebackend'].rbd_utils.RBDDriver = lambda *_args, **_fields: Anything(
            ceph_conf='', rbd_user=''
        )
        backend(instance=Anything(uuid='u', name='n', get=lambda *_args: None), disk_name='disk')


def guest_cpu(_conf):
    driver = held.get('driver')
    if driver is not None and not hasattr(driver, '_check_cpu_compatibility'):
        driver._get_guest_cpu_model_config()


def compute_rpc(_conf):
    router = modules['nova.compute.rpcapi'].ComputeAPI().router
    router.default_client.can_send_version(router.default_client.target.version)


def live_migration_uri(_conf):
    driver = held.get('driver')
    if driver is not None:
        driver._live_migration_uri('there')


# Those that oslo.service runs; the command line is everyone's.
SERVICES = ('nova-compute', 'nova-scheduler', 'nova-conductor', 'nova-api')
EVERY = (*SERVICES, 'nova-novncproxy', 'nova-spicehtml5proxy', 'nova-serialproxy', 'nova-status')
# What stops a program, in the order in which it does: name, programs, function (without one real.py has it), module, what.
STOPS = [
    (
        'command line',
        EVERY,
        None,
        'nova.config',
        'nova.config.parse_args: the file, rpc.init with the transport and notifiers',
    ),
    (
        'compute manager',
        ('nova-compute',),
        compute_manager,
        'nova.compute.manager',
        "ComputeManager() with the driver that compute_driver names, and init_host to the end of the driver's: PCI, CPU sets, "
        'huge pages, mdev, pmem, file_backed_memory, cpu_mode, vTPM, multipath, images_type, TLS and tunnel, disk devices',
    ),
    (
        'scheduler manager',
        ('nova-scheduler',),
        scheduler_manager,
        'nova.scheduler.manager',
        'SchedulerManager() with HostManager: filters, weights, placement client',
    ),
    (
        'conductor manager',
        ('nova-conductor',),
        conductor_manager,
        'nova.conductor.manager',
        'ConductorManager(): placement client',
    ),
    ('API set-up', ('nova-api',), api_set_up, 'nova.api.openstack.wsgi_app', 'wsgi_app._setup_service: PCI aliases'),
    ('compute API', ('nova-api',), api_routes, 'nova.compute.api', 'compute.API(): quota driver, clients'),
    (
        'VNC proxy',
        ('nova-novncproxy',),
        console_proxy('nova-novncproxy'),
        'nova.cmd.novncproxy',
        'novncproxy.main: TLS, schemes',
    ),
    (
        'SPICE proxy',
        ('nova-spicehtml5proxy',),
        console_proxy('nova-spicehtml5proxy'),
        'nova.cmd.spicehtml5proxy',
        'its main',
    ),
    ('serial proxy', ('nova-serialproxy',), console_proxy('nova-serialproxy'), 'nova.cmd.serialproxy', 'its main'),
    (
        'service user',
        ('nova-status',),
        service_user,
        'nova.cmd.status',
        'nova-status upgrade check: service user token',
    ),
    (
        'options read',
        SERVICES,
        None,
        'nova.conf',
        'every option is read, as oslo.service does when the service runs',
    ),
]
# What fails only afterwards; what nova-compute does at its first look at its resources may stop it all the same.
RESOURCES = ('PCI devices', 'PCI in placement', 'NUMA topology', 'CPU inventory')
FAILS = [
    ('PCI devices', ('nova-compute',), pci_devices, 'nova.pci.whitelist', 'the tracker of PCI devices'),
    (
        'PCI in placement',
        ('nova-compute',),
        pci_in_placement,
        'nova.compute.pci_placement_translator',
        'what of PCI goes to placement, without devices',
    ),
    ('PCI aliases', ('nova-api', 'nova-compute'), pci_alias, 'nova.pci.request', 'a request with a PCI alias'),
    (
        'NUMA topology',
        ('nova-compute',),
        numa_topology,
        'nova.virt.libvirt.driver',
        'update_available_resource: physnets, pages',
    ),
    (
        'CPU inventory',
        ('nova-compute',),
        cpu_inventory,
        'nova.virt.libvirt.driver',
        'inventory: CPU sets (CPUs 0-7 are there)',
    ),
    (
        'image backend',
        ('nova-compute',),
        image_backend,
        'nova.virt.libvirt.imagebackend',
        'first disk: volume group, pool',
    ),
    (
        'guest CPU',
        ('nova-compute',),
        guest_cpu,
        'nova.virt.libvirt.driver',
        'first guest: cpu_mode and cpu_model before 20',
    ),
    (
        'compute RPC',
        ('nova-compute', 'nova-api'),
        compute_rpc,
        'nova.compute.rpcapi',
        'the first message to a compute service',
    ),
    ('migration URI', ('nova-compute',), live_migration_uri, 'nova.virt.libvirt.driver', 'a live migration: its URI'),
]
