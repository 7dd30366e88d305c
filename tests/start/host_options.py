"""Makes nova.confs of what nova-compute asks of its host: CPUs, memory, disks, migration."""

from making import ODD, SPACES, flag


def cpu_rule(rng):
    low = rng.randrange(8)
    high = rng.randrange(8)
    space = rng.choice(SPACES)
    return rng.choice(
        (
            f'{low}',
            f'{low}',
            f'{low}-{max(low, high)}',
            f'{low}-{max(low, high)}',
            f'^{low}',
            f'{low}-{high}',
            f'^{low}-{high}',
            f'{low}{space}-{space}{high}',
            f'{space}^{space}{low}{space}',
            f'{low}-',
            f'-{high}',
            f'^{low}-^{high}',
            f'^^{low}',
            f'{low}-{high}-{low}',
            rng.choice(ODD),
            f'{low}.5',
            f'{low} {high}',
            '',
        )
    )


def cpu_good(rng, low=0, high=8):
    first = rng.randrange(low, high)
    last = rng.randrange(first, high)
    return rng.choice((f'{first}', f'{first}-{last}', f'{first}-{last},^{last}' if last > first else f'{first}'))


def cpu_set(rng):
    if rng.random() < 0.5:
        return cpu_good(rng)
    return rng.choice((',', ', ', ',,')).join(cpu_rule(rng) for _ in range(rng.randrange(1, 4)))


def cpu_sets(rng, conf):
    for group, name in (('compute', 'cpu_shared_set'), ('compute', 'cpu_dedicated_set'), ('DEFAULT', 'vcpu_pin_set')):
        if rng.random() < 0.45:
            conf.put(group, name, cpu_set(rng))
    if rng.random() < 0.3:
        conf.put('DEFAULT', 'reserved_host_cpus', rng.choice(('0', '0', '1', '2', '-1', 'x')))
    if rng.random() < 0.15:
        conf.put('libvirt', 'cpu_power_management', flag(rng))
        conf.put('libvirt', 'cpu_power_management_strategy', rng.choice(('cpu_state', 'governor', 'none')))


def huge_pages(rng, conf):
    def part():
        node, count = rng.randrange(3), rng.randrange(1, 100)
        size = rng.choice(
            (
                '2048',
                '1048576',
                '2MB',
                '1GB',
                '1G',
                '2M',
                '4',
                '1.5G',
                '2MiB',
                '2kib',
                'big',
                '',
                '-2048',
                '2 MB',
                '2mb',
                '0',
                '١',
                '2T',
                '1 GB',
            )
        )
        whole = [f'node:{node}', f'size:{size}', f'count:{count}']
        how = rng.random()
        if how < 0.1:
            whole.pop(rng.randrange(3))
        elif how < 0.2:
            whole[rng.randrange(3)] = rng.choice(
                ('node:x', 'count:', 'size', 'node=0', 'nodes:1', 'count:1.5', 'count:-5', 'a:b:c')
            )
        elif how < 0.25:
            whole.append(rng.choice(whole))
        elif how < 0.3:
            whole.append('more:1')
        rng.shuffle(whole)
        return rng.choice((',', ',', ', ', ' ,')).join(whole)

    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        conf.put('DEFAULT', 'reserved_huge_pages', part() if rng.random() < 0.95 else rng.choice(ODD))


def file_backed(rng, conf):
    conf.put('libvirt', 'file_backed_memory', rng.choice(('0', '1', '512', '513', '1000', '1048576', '-1', 'x')))
    if rng.random() < 0.7:
        conf.put('DEFAULT', 'ram_allocation_ratio', rng.choice(('1.0', '1.0', '1', '1.5', '0.0', '0', '01.00', '-1', 'x')))
    if rng.random() < 0.7:
        conf.put('DEFAULT', 'reserved_host_memory_mb', rng.choice(('0', '0', '512', '1000', '1001', '-1')))
    if rng.random() < 0.4:
        conf.put('libvirt', 'virt_type', rng.choice(('kvm', 'qemu', 'lxc', 'parallels', 'xen', 'uml', 'KVM')))
    if rng.random() < 0.2:
        conf.put('DEFAULT', 'initial_ram_allocation_ratio', rng.choice(('1.0', '1.5', '-1')))


def cpu_model(rng, conf):
    if rng.random() < 0.8:
        conf.put('libvirt', 'cpu_mode', rng.choice(('none', 'custom', 'custom', 'host-model', 'host-passthrough', 'Custom', '')))
    if rng.random() < 0.6:
        conf.put(
            'libvirt',
            rng.choice(('cpu_models', 'cpu_models', 'cpu_model')),
            rng.choice(('Haswell', 'haswell', 'Skylake-Server,Haswell', 'EPYC', 'NoSuchCPU', '', 'Haswell,NoSuchCPU')),
        )
    if rng.random() < 0.4:
        conf.put(
            'libvirt', 'cpu_model_extra_flags', rng.choice(('pcid', 'PCID,ssbd', '+pcid,-mtrr', '', 'pcid, ssbd', 'nonesuch'))
        )
    if rng.random() < 0.5:
        conf.put('libvirt', 'virt_type', rng.choice(('kvm', 'qemu', 'lxc', 'parallels', 'xen')))


def vtpm(rng, conf):
    conf.put('libvirt', 'swtpm_enabled', flag(rng, 0.8))
    if rng.random() < 0.7:
        conf.put('libvirt', 'virt_type', rng.choice(('kvm', 'qemu', 'lxc', 'parallels')))
    if rng.random() < 0.2:
        conf.put('libvirt', rng.choice(('swtpm_user', 'swtpm_group')), rng.choice(('tss', 'root', 'nova')))


def migration(rng, conf):
    for name in (
        'live_migration_tunnelled',
        'live_migration_with_native_tls',
        'live_migration_permit_post_copy',
        'live_migration_permit_auto_converge',
    ):
        if rng.random() < 0.6:
            conf.put('libvirt', name, flag(rng))
    if rng.random() < 0.4:
        conf.put('libvirt', 'live_migration_parallel_connections', rng.choice(('1', '2', '8', '0', '-1')))
    if rng.random() < 0.3:
        conf.put('libvirt', 'live_migration_timeout_action', rng.choice(('abort', 'force_complete', 'force', 'Abort')))
    if rng.random() < 0.2:
        conf.put('libvirt', 'virt_type', rng.choice(('kvm', 'lxc', 'parallels', 'xen')))
    if rng.random() < 0.2:
        conf.put(
            'libvirt', 'live_migration_uri', rng.choice(('qemu+ssh://%s/system', 'qemu+ssh://host/system', 'qemu+tcp://%s/%s'))
        )
    if rng.random() < 0.2:
        conf.put('libvirt', 'live_migration_scheme', rng.choice(('ssh', 'tls', 'tcp')))


def images(rng, conf):
    conf.put(
        'libvirt', 'images_type', rng.choice(('raw', 'flat', 'qcow2', 'lvm', 'rbd', 'rbd', 'ploop', 'default', 'RBD', 'ceph'))
    )
    if rng.random() < 0.6:
        conf.put('DEFAULT', 'force_raw_images', flag(rng))
    if rng.random() < 0.4:
        conf.put('libvirt', 'images_volume_group', rng.choice(('vg0', '')))
    if rng.random() < 0.4:
        conf.put('libvirt', 'images_rbd_pool', rng.choice(('vms', '')))
    if rng.random() < 0.2:
        conf.put('DEFAULT', 'use_cow_images', flag(rng))


def multipath(rng, conf):
    if rng.random() < 0.8:
        conf.put('libvirt', 'volume_enforce_multipath', flag(rng, 0.7))
    if rng.random() < 0.6:
        conf.put('libvirt', rng.choice(('volume_use_multipath', 'iscsi_use_multipath')), flag(rng))


def disks(rng, conf):
    conf.put('compute', 'max_disk_devices_to_attach', rng.choice(('0', '-1', '1', '26', '-2', 'x', '00', '+0')))
    if rng.random() < 0.3:
        conf.put('compute', 'max_concurrent_disk_ops', rng.choice(('0', '2', '-1')))
    if rng.random() < 0.3:
        conf.put(
            'libvirt',
            'disk_cachemodes',
            rng.choice(('file=writeback', 'file=writeabck', 'block=none,file', 'x', 'network=unsafe')),
        )
