"""Writes nova.confs of the families that make nova refuse to start, valid and not, one JSON object a line.

    generate.py [--seed N] [--count N] [--family NAME]

Every line is {"family": ..., "program": ..., "conf": ..., "whole": ...}, made for real.py. The same seed gives the same
lines. Every family is drawn equally often, and some files mix two of them. It does not know novamend.
"""

import argparse
import json
import random

import cloud_options as cloud
import device_options as device
import host_options as host
import plain_options as plain
from making import Conf

COMPUTE = ('nova-compute',)
PROXIES = ('nova-novncproxy', 'nova-spicehtml5proxy', 'nova-serialproxy')
SERVICES = ('nova-compute', 'nova-scheduler', 'nova-conductor', 'nova-api')
FAMILIES = {
    'cpu sets': (host.cpu_sets, COMPUTE),
    'huge pages': (host.huge_pages, COMPUTE),
    'file backed': (host.file_backed, COMPUTE),
    'cpu model': (host.cpu_model, COMPUTE),
    'vtpm': (host.vtpm, COMPUTE),
    'migration': (host.migration, COMPUTE),
    'images': (host.images, COMPUTE),
    'multipath': (host.multipath, COMPUTE),
    'disks': (host.disks, COMPUTE),
    'pci devices': (device.pci_devices, ('nova-compute', 'nova-compute', 'nova-conductor', 'nova-api')),
    'pci aliases': (device.pci_aliases, ('nova-compute', 'nova-api', 'nova-conductor')),
    'mdevs': (device.mdevs, COMPUTE),
    'pmem': (device.pmem, COMPUTE),
    'physnets': (device.physnets, COMPUTE),
    'filters': (cloud.filters, ('nova-scheduler', 'nova-scheduler', 'nova-compute')),
    'weights': (cloud.weights, ('nova-scheduler',)),
    'drivers': (cloud.drivers, ('nova-compute', 'nova-compute', 'nova-api')),
    'vmware': (cloud.vmware, COMPUTE),
    'ironic': (cloud.ironic, COMPUTE),
    'zvm': (cloud.zvm, COMPUTE),
    'xen': (cloud.xen, COMPUTE),
    'messages': (cloud.messages, SERVICES),
    'placement': (cloud.placement, SERVICES),
    'proxies': (cloud.proxies, PROXIES),
    'odd choices': (cloud.odd_choices, SERVICES),
    'upgrade levels': (cloud.upgrade_levels, SERVICES),
    'whole': (cloud.whole, SERVICES),
    'plain values': (plain.values, SERVICES),
    'references': (plain.references, SERVICES),
    'lines': (plain.lines, SERVICES),
}


def made(rng, name):
    make, programs = FAMILIES[name]
    conf = Conf()
    make(rng, conf)
    if rng.random() < 0.03:
        FAMILIES[rng.choice(sorted(FAMILIES))][0](rng, conf)
    return {'family': name, 'program': rng.choice(programs), 'conf': conf.text(), 'whole': name == 'whole'}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=6000)
    parser.add_argument('--family', choices=sorted(FAMILIES))
    wanted = parser.parse_args()
    rng = random.Random(wanted.seed)
    names = [wanted.family] if wanted.family else sorted(FAMILIES)
    for number in range(wanted.count):
        print(json.dumps(made(rng, names[number % len(names)])))


main()
