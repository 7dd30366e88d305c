"""Makes nova.confs of the options that hold a language of their own: PCI and mediated devices, persistent memory, networks."""

import json

from making import ODD, flag


def hexed(rng, digits=4):
    good = ''.join(rng.choice('0123456789abcdefABCDEF') for _ in range(digits))
    return rng.choice(
        (
            good,
            good,
            good,
            good,
            good[:-1],
            good + '0',
            'zz86',
            '*',
            '',
            ' ' + good,
            '0x' + good,
            '-1',
            '8_6',
            '+' + good,
            '10000',
            '.*',
            '١',
        )
    )


def address(rng):
    exact = f'{rng.choice(("0000", "0", "10000", "ffff", "*", ""))}:{hexed(rng, 2)}:{rng.choice(("00", "1f", "20", "*", ""))}'
    return rng.choice(
        (
            exact + '.' + rng.choice(('0', '7', '8', '*', '', 'a')),
            exact,
            '*:0a:00.*',
            ':0a:00.',
            '0a:00.1',
            '0a',
            '.1',
            '*',
            '0000:0a:00.0:1',
            'a:b:c:d.0',
            '0000:0a:00.0.1',
            '...',
            '0000:84:00.0',
            {'domain': '.*', 'bus': rng.choice(('02', '[', '(', '*', '[0-9]+')), 'slot': '01', 'function': '[0-2]'},
            {'bus': '02'},
            {},
            {'bus': 2},
            5,
            [],
            None,
            True,
            '',
        )
    )


def device(rng):
    spec = {}
    if rng.random() < 0.8:
        spec['vendor_id'] = hexed(rng)
        spec['product_id'] = hexed(rng)
    if rng.random() < 0.4:
        spec['address'] = address(rng)
    if rng.random() < 0.2:
        spec['devname'] = rng.choice(('eth99', 'ens9f0', '', None))
    for name, chance, values in (
        ('physical_network', 0.2, ('physnet1', None)),
        ('trusted', 0.1, ('true', 'false', 'maybe')),
        ('managed', 0.15, ('yes', 'no', 'maybe', True, False, None, 1, '')),
        ('live_migratable', 0.15, ('yes', 'no', 'maybe', True, False, None, 2)),
        ('one_time_use', 0.15, ('true', 'false', 'yes', 'x', True, 'no')),
        ('remote_managed', 0.1, ('true', 'false', 'x', True)),
        ('resource_class', 0.1, ('GPU', 'CUSTOM_GPU')),
        ('traits', 0.1, ('A,B',)),
        ('vendor', 0.05, ('8086',)),
        ('vendor_id', 0.05, (8086, None, [])),
        ('class_id', 0.03, ('ff',)),
    ):
        if rng.random() < chance:
            spec[name] = rng.choice(values)
    return spec


def broken(rng, text):
    """JSON that people break."""
    how = rng.randrange(9)
    if how == 0:
        return text.replace('"', "'")
    if how == 1:
        return text.replace('"', '', 2)
    if how == 2:
        return text[:-1]
    if how == 3:
        return text[:-1] + ',' + text[-1:]
    if how == 4:
        return f"'{text}'"
    if how == 5:
        return text + text
    if how == 6:
        return f'"{text}"'
    if how == 7:
        return rng.choice(ODD + ('8086:1515', '[[]]', '[1]', '["a"]', '[{}]', '{"a": NaN}'))
    return text.replace(':', '=')


def json_value(rng, make):
    if rng.random() < 0.15:
        text = json.dumps([make(rng) for _ in range(rng.randrange(3))])
    else:
        text = json.dumps(make(rng))
    return broken(rng, text) if rng.random() < 0.2 else text


def pci_devices(rng, conf):
    name = rng.choice(('passthrough_whitelist', 'device_spec', 'device_spec'))
    for _ in range(rng.choice((1, 1, 2))):
        conf.put('pci', name, json_value(rng, device))
    if rng.random() < 0.1:
        conf.put('DEFAULT', 'pci_passthrough_whitelist', json_value(rng, device))
    if rng.random() < 0.3:
        conf.put('pci', 'report_in_placement', flag(rng))


def alias(rng):
    spec = {'name': rng.choice(('a', 'a', 'b', ' a', 'x' * 256, 'x' * 257, '', 5))}
    for name, chance, values in (
        ('vendor_id', 0.85, ('8086', '8086', '10de', '808', '80867', 'zz86', 8086, '*', '')),
        ('product_id', 0.85, ('1515', '1515', '1DB6', '151', 1515)),
        ('device_type', 0.5, ('type-PCI', 'type-PF', 'type-VF', 'type-VDPA', 'vdpa', 'type-pci', 'PF', None)),
        ('numa_policy', 0.3, ('required', 'legacy', 'preferred', 'socket', 'strict', 'Legacy')),
        ('resource_class', 0.25, ('GPU', 'CUSTOM_GPU', 5)),
        ('traits', 0.1, ('A,B', [])),
        ('live_migratable', 0.2, ('yes', 'no', 'maybe', True, '')),
        ('capability_type', 0.05, ('pci', 'net')),
        ('address', 0.03, ('0000:0a:00.0',)),
        ('count', 0.03, ('1',)),
    ):
        if rng.random() < chance:
            spec[name] = rng.choice(values)
    if rng.random() < 0.06:
        del spec['name']
    return spec


def pci_aliases(rng, conf):
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        conf.put(*(('pci', 'alias') if rng.random() < 0.9 else ('DEFAULT', 'pci_alias')), json_value(rng, alias))
    if rng.random() < 0.4:
        conf.put('filter_scheduler', 'pci_in_placement', flag(rng))


def mdevs(rng, conf):
    kinds = [
        rng.choice(('nvidia-35', 'nvidia-36', 'i915-GVTg_V5_4', 'mtty-1', 'a b', '')) for _ in range(rng.choice((1, 1, 2, 2, 3)))
    ]
    conf.put(
        'devices',
        rng.choice(('enabled_mdev_types', 'enabled_mdev_types', 'enabled_vgpu_types')),
        rng.choice((',', ', ')).join(kinds),
    )
    for kind in dict.fromkeys(kinds):
        group = rng.choice(('mdev', 'mdev', 'vgpu')) + '_' + kind
        addresses = [
            rng.choice(
                (
                    '0000:84:00.0',
                    '0000:85:00.0',
                    '0000:86:00.0',
                    '84:00',
                    '0000:84:00.8',
                    '0000:8g:00.0',
                    'mtty_nonesuch',
                    '0000:84:00:0',
                    '0000:84:00x0',
                    '',
                )
            )
            for _ in range(rng.choice((0, 1, 1, 2)))
        ]
        if rng.random() < 0.8:
            conf.put(group, 'device_addresses', ','.join(addresses))
        if rng.random() < 0.2:
            conf.put(group, 'mdev_class', rng.choice(('VGPU', 'CUSTOM_MDEV', 'CUSTOM_m', 'MDEV', 'CUSTOM_')))
        if rng.random() < 0.15:
            conf.put(group, 'max_instances', rng.choice(('1', '4', '0', 'x')))


def pmem(rng, conf):
    part = rng.choice(
        ('128G:ns0|ns1', '262144MB:ns2', '6GB:ns3|ns3', 'ns0|ns1', 'MEDIUM:ns4', ':ns5', 'x:', 'a:b:ns6', 'x:nonesuch', '')
    )
    more = rng.choice(('', '', ',y:ns7', ',z:ns0', ',ns1'))
    conf.put('libvirt', 'pmem_namespaces', part + more)


def physnets(rng, conf):
    nets = [rng.choice(('foo', 'bar', 'foo', 'a-b', 'Foo', '')) for _ in range(rng.choice((1, 2)))]
    conf.put('neutron', 'physnets', ','.join(nets))
    for net in dict.fromkeys(nets):
        if rng.random() < 0.7:
            conf.put(f'neutron_physnet_{net}', 'numa_nodes', rng.choice(('0', '1', '0,1', '2', 'x', '', '-1')))
    if rng.random() < 0.3:
        conf.put('neutron_tunnel', 'numa_nodes', rng.choice(('0', '1', '5', 'x', '')))
