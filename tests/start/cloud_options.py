"""Makes nova.confs of drivers, the scheduler, messages, placement, console proxies and whatever else has few values."""

from making import flag

FILTERS = (
    'ComputeFilter',
    'ComputeCapabilitiesFilter',
    'ImagePropertiesFilter',
    'ServerGroupAntiAffinityFilter',
    'NUMATopologyFilter',
    'PciPassthroughFilter',
    'AggregateInstanceExtraSpecsFilter',
    'AvailabilityZoneFilter',
    'RetryFilter',
    'CoreFilter',
    'RamFilter',
    'DiskFilter',
    'ExactCoreFilter',
    'AggregateCoreFilter',
    'AggregateRamFilter',
    'AggregateDiskFilter',
    'TrustedFilter',
    'AllHostsFilter',
    'SameHostFilter',
    'DifferentHostFilter',
    'JsonFilter',
    'MetricsFilter',
    'SimpleCIDRAffinityFilter',
    'IsolatedHostsFilter',
    'AggregateTypeAffinityFilter',
    'TypeAffinityFilter',
    'NumInstancesFilter',
    'IoOpsFilter',
    'nova.scheduler.filters.ComputeFilter',
    'computefilter',
    'BaseHostFilter',
    'NoSuchFilter',
    '',
)


def filters(rng, conf):
    names = [rng.choice(FILTERS[:7] if rng.random() < 0.6 else FILTERS) for _ in range(rng.randrange(1, 6))]
    conf.put(
        *rng.choice(
            (
                ('filter_scheduler', 'enabled_filters'),
                ('filter_scheduler', 'enabled_filters'),
                ('DEFAULT', 'scheduler_default_filters'),
            )
        ),
        rng.choice((',', ', ')).join(names),
    )
    if rng.random() < 0.2:
        conf.put(
            'filter_scheduler',
            'available_filters',
            rng.choice(
                (
                    'nova.scheduler.filters.all_filters',
                    'nova.scheduler.filters.standard_filters',
                    'nova.scheduler.filters.all_filter',
                    'nova.scheduler.filters.compute_filter.ComputeFilter',
                    'nova.scheduler.filters.BaseHostFilter',
                    'all_filters',
                    '',
                )
            ),
        )


def weights(rng, conf):
    conf.put(
        'filter_scheduler',
        'weight_classes',
        rng.choice(
            (
                'nova.scheduler.weights.all_weighers',
                'nova.scheduler.weights.ram.RAMWeigher',
                'nova.scheduler.weights.ram.RAMWeigher9',
                'nova.scheduler.weights.ram.RAMWeigher,nova.scheduler.weights.disk.DiskWeigher',
                'nova.scheduler.weights.cpu.CPUWeigher',
                'nova.scheduler.weights.pci.PCIWeigher',
                'nova.scheduler.weights.cross_cell.CrossCellWeigher',
                'RAMWeigher',
                '',
                'nova',
                'nova.scheduler.weights.hypervisor_version.HypervisorVersionWeigher',
                'nova.scheduler.weights.all_weigher',
                'nova.scheduler.weights.num_instances.NumInstancesWeigher',
                'nova.scheduler.weights.image_props.ImagePropertiesWeigher',
            )
        ),
    )
    if rng.random() < 0.3:
        conf.put('metrics', 'weight_setting', rng.choice(('a=1.0', 'a=x', 'a', 'a=1,b=-2', '')))
    if rng.random() < 0.2:
        conf.put(
            'scheduler',
            'driver',
            rng.choice(('filter_scheduler', 'caching_scheduler', 'chance_scheduler', 'nonesuch', 'fake_scheduler')),
        )


def drivers(rng, conf):
    conf.put(
        'DEFAULT',
        'compute_driver',
        rng.choice(
            (
                'libvirt.LibvirtDriver',
                'libvirt.LibvirtDriver',
                'nova.virt.libvirt.LibvirtDriver',
                'libvirt.driver.LibvirtDriver',
                'libvirt',
                'LibvirtDriver',
                'libvirt.libvirtDriver',
                'fake.FakeDriver',
                'fake.SmallFakeDriver',
                'fake.MediumFakeDriver',
                '',
                'driver.ComputeDriver',
                'ironic.IronicDriver',
                'zvm.ZVMDriver',
                'vmwareapi.VMwareVCDriver',
                'hyperv.HyperVDriver',
                'xenapi.XenAPIDriver',
                'powervm.PowerVMDriver',
                'virtapi.VirtAPI',
            )
        ),
    )


def vmware(rng, conf):
    conf.put('DEFAULT', 'compute_driver', 'vmwareapi.VMwareVCDriver')
    for name, value in (('host_ip', '192.0.2.1'), ('host_username', 'u'), ('host_password', 'p'), ('cluster_name', 'c')):
        if rng.random() < 0.85:
            conf.put('vmware', name, rng.choice((value, value, '')))
    if rng.random() < 0.3:
        conf.put('vmware', 'datastore_regex', rng.choice(('nas.*', '*', '(', '[a', '')))
    if rng.random() < 0.3:
        conf.put('vmware', 'pbm_enabled', flag(rng))
        if rng.random() < 0.5:
            conf.put('vmware', 'pbm_default_policy', 'gold')
            conf.put('vmware', 'pbm_wsdl_location', 'file:///w')


def ironic(rng, conf):
    conf.put('DEFAULT', 'compute_driver', 'ironic.IronicDriver')
    conf.put('DEFAULT', 'host', rng.choice(('here', 'h1')))
    for name in ('partition_key', 'conductor_group'):
        if rng.random() < 0.6:
            conf.put('ironic', name, rng.choice(('g', '')))
    if rng.random() < 0.7:
        conf.put('ironic', 'peer_list', rng.choice(('h1,h2', 'here', 'here,h1', 'h2', '')))


def zvm(rng, conf):
    conf.put('DEFAULT', 'compute_driver', 'zvm.ZVMDriver')
    if rng.random() < 0.7:
        conf.put('zvm', 'cloud_connector_url', rng.choice(('http://zvm.example:8080', 'zvm.example', '')))
    if rng.random() < 0.7:
        conf.put('DEFAULT', 'instance_name_template', rng.choice(('abc%05x', 'instance-%08x', 'i%s', 'i%(uuid)s', 'i', 'i%d%d')))


def xen(rng, conf):
    conf.put('DEFAULT', 'compute_driver', 'xenapi.XenAPIDriver')
    for name, value in (('connection_url', 'http://192.0.2.1'), ('connection_username', 'root'), ('connection_password', 'p')):
        if rng.random() < 0.8:
            conf.put('xenserver', name, rng.choice((value, value, '')))


def upgrade_levels(rng, conf):
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(
            (
                'compute',
                'compute',
                'compute',
                'scheduler',
                'conductor',
                'network',
                'cells',
                'intercell',
                'cert',
                'console',
                'baseapi',
            )
        )
        conf.put(
            'upgrade_levels',
            name,
            rng.choice(
                (
                    'auto',
                    'ocata',
                    'pike',
                    'queens',
                    'rocky',
                    'stein',
                    'train',
                    'ussuri',
                    'victoria',
                    'wallaby',
                    'xena',
                    'yoga',
                    'zed',
                    'antelope',
                    '2023.1',
                    'bobcat',
                    'caracal',
                    'dalmatian',
                    'epoxy',
                    'Train',
                    'kilo',
                    '4.0',
                    '4.5',
                    '5.0',
                    '5.11',
                    '6.0',
                    '6.1',
                    '6.4',
                    '7.0',
                    '1.0',
                    '3.0',
                    '5',
                    'x',
                    '',
                    '5.0.1',
                    '99.0',
                )
            ),
        )


def messages(rng, conf):
    conf.put(
        'DEFAULT',
        'transport_url',
        rng.choice(
            (
                'rabbit://u:p@h/',
                'rabbit://u:p@h:5672/',
                'rabit://u:p@h/',
                'rabbit://u:p@h:port/',
                'fake://',
                '',
                'rabbit://u:p@h1:1,u:p@h2:2/v',
                'rabbit://u:p@[::1]:5672/',
                'rabbit://u:p@[::1/',
                'rabbit://u:p@h1,h2:x/',
                'h:5672',
                'rabbit://u:p%@h/',
                'rabbit://u:p#q@h/',
                'rabbit:///',
            )
        ),
    )
    if rng.random() < 0.3:
        conf.put('oslo_messaging_notifications', 'driver', rng.choice(('noop', 'messagingv2', 'nonesuch', 'messaging', 'log')))
    if rng.random() < 0.2:
        conf.put('notifications', 'notification_format', rng.choice(('both', 'versioned', 'unversioned', 'legacy')))
    if rng.random() < 0.2:
        conf.put('oslo_messaging_notifications', 'transport_url', rng.choice(('rabbit://u:p@h/', 'nonesuch://h', 'fake://')))


def placement(rng, conf):
    conf.put(
        'placement',
        'auth_type',
        rng.choice(('password', 'password', 'v3password', 'none', 'noauth', 'nonesuch', 'Password', '', 'token')),
    )
    for name, value in (
        ('auth_url', 'http://k:5000/v3'),
        ('username', 'placement'),
        ('password', 'p'),
        ('project_name', 'service'),
        ('user_domain_name', 'Default'),
        ('project_domain_name', 'Default'),
    ):
        if rng.random() < 0.9:
            conf.put('placement', name, value)
    if rng.random() < 0.2:
        conf.put('placement', 'valid_interfaces', rng.choice(('internal,public', 'admin', 'internalURL', '')))
    if rng.random() < 0.2:
        conf.put('placement', 'region_name', rng.choice(('RegionOne', 'Elsewhere')))


def proxies(rng, conf):
    for group, name, values in (
        ('DEFAULT', 'ssl_only', ('true', 'false')),
        ('DEFAULT', 'cert', ('/etc/nova/c.pem', 'c.pem', '')),
        ('DEFAULT', 'web', ('/usr/share/novnc', 'novnc', '')),
        ('vnc', 'auth_schemes', ('none', 'vencrypt', 'vencrypt,none', 'x', '')),
        ('vnc', 'novncproxy_port', ('6080', 'x', '0', '70000')),
        ('console', 'ssl_minimum_version', ('default', 'tlsv1_2', 'tlsv1')),
        ('DEFAULT', 'record', ('/tmp/record', '')),
    ):
        if rng.random() < 0.4:
            conf.put(group, name, rng.choice(values))


def odd_choices(rng, conf):
    """Options that nova reads while it starts and whose values are few."""
    for group, name, values in (
        ('libvirt', 'virt_type', ('kvm', 'qemu', 'lxc', 'xen', 'uml', 'parallels', 'Kvm')),
        ('DEFAULT', 'servicegroup_driver', ('db', 'mc', 'zk')),
        (
            'quota',
            'driver',
            ('nova.quota.DbQuotaDriver', 'nova.quota.NoopQuotaDriver', 'nova.quota.UnifiedLimitsDriver', 'nova.quota.MyDriver'),
        ),
        ('cache', 'backend', ('dogpile.cache.memcached', 'oslo_cache.dict', 'nonesuch')),
        ('libvirt', 'sysinfo_serial', ('unique', 'none', 'auto', 'x')),
        ('DEFAULT', 'concurrency_backend', ('auto', 'threading', 'eventlet', 'x')),
        ('libvirt', 'rx_queue_size', ('256', '100', '1024')),
        ('serial_console', 'port_range', ('10000:20000', '20000:10000', 'x')),
        ('libvirt', 'hw_machine_type', ('x86_64=q35', 'q35', '')),
        ('libvirt', 'enabled_perf_events', ('cmt', 'cpu_clock', 'nonesuch', '')),
        ('DEFAULT', 'compute_monitors', ('cpu.virt_driver', 'nonesuch')),
        ('libvirt', 'rng_dev_path', ('/dev/urandom', '/nonesuch')),
        ('libvirt', 'num_pcie_ports', ('0', '28', '29')),
        ('api', 'vendordata_providers', ('StaticJSON', 'DynamicJSON', 'StaticJson')),
        ('libvirt', 'uid_maps', ('0:1000:1', 'x')),
        ('key_manager', 'backend', ('barbican', 'nova.keymgr.conf_key_mgr.ConfKeyManager', 'nonesuch')),
        ('DEFAULT', 'cpu_allocation_ratio', ('0', '16', '-1')),
        ('upgrade_levels', 'compute', ('auto', 'train', 'foo', '5.0')),
        ('libvirt', 'max_queues', ('8', '0', 'x')),
        ('libvirt', 'vzstorage_mount_opts', ('-c', '-o', '-u,-x')),
    ):
        if rng.random() < 0.13:
            conf.put(group, name, rng.choice(values))


def whole(rng, conf):
    """All that a service needs, but for what is forgotten."""
    conf.put('DEFAULT', 'host', 'here')
    if rng.random() < 0.85:
        conf.put(
            'DEFAULT', 'compute_driver', rng.choice(('libvirt.LibvirtDriver', 'libvirt.LibvirtDriver', 'fake.FakeDriver', ''))
        )
    how = rng.random()
    if how < 0.7:
        conf.put('DEFAULT', 'transport_url', 'rabbit://u:p@h:5672/')
    elif how < 0.8:
        conf.put('DEFAULT', 'rpc_backend', 'rabbit')
    conf.put('database', 'connection', 'sqlite://')
    conf.put('api_database', 'connection', 'sqlite://')
    for group in ('placement', 'neutron', 'cinder', 'service_user', 'keystone_authtoken'):
        if rng.random() < 0.75:
            credentials(rng, conf, group)
    if rng.random() < 0.3:
        conf.put('service_user', 'send_service_user_token', flag(rng, 0.7))
    if rng.random() < 0.5:
        conf.put('glance', 'api_servers', 'http://192.0.2.1:9292')
    if rng.random() < 0.3:
        conf.put('placement', rng.choice(('region_name', 'os_region_name')), 'RegionOne')


def credentials(rng, conf, group):
    conf.put(
        group,
        rng.choice(('auth_type', 'auth_type', 'auth_type', 'auth_plugin')),
        rng.choice(('password', 'password', 'v3password')),
    )
    for name, value in (
        (rng.choice(('auth_url', 'auth_url', 'auth_uri')), 'http://k:5000/v3'),
        ('username', 'nova'),
        ('password', 'p'),
        ('project_name', 'service'),
        ('user_domain_name', 'Default'),
        ('project_domain_name', 'Default'),
    ):
        if rng.random() < 0.93:
            conf.put(group, name, value)
