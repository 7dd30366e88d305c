"""Answers with what the installed nova makes of a nova.conf: whether it starts, and the call by which it migrates a guest.

For each line {"text": nova.conf, "libvirt": number, "qemu": number} one line of JSON. The options are read by nova's own
nova.conf; the checks of the start, the flags, the URI and the call are compiled from nova's own driver.py and guest.py, as
the driver cannot be imported without libvirt's Python. What that and libvirt answer to the call is played here, as they were
seen to answer.
"""

import ast
import json
import logging
import os
import sys
import tempfile
import types

logging.disable(logging.CRITICAL)

import nova  # noqa: E402
import nova.conf  # noqa: E402
from oslo_utils import netutils as oslo_netutils  # noqa: E402

CONF = nova.conf.CONF
FLAGS = ["LIVE", "PEER2PEER", "UNDEFINE_SOURCE", "PERSIST_DEST", "NON_SHARED_INC", "POSTCOPY", "AUTO_CONVERGE", "TUNNELLED",
         "PARALLEL", "TLS"]
FUNCTIONS = ["_prepare_migration_flags", "_handle_live_migration_tunnelled", "_is_native_tls_available", "_handle_native_tls",
             "_is_post_copy_available", "_is_post_copy_enabled", "_handle_live_migration_post_copy",
             "_is_auto_converge_available", "_handle_live_migration_auto_converge", "_handle_live_migration_parallel",
             "_parse_migration_flags", "_live_migration_uri", "_migrate_uri"]
TRANSPORTS = ["tcp", "tls", "ssh", "libssh", "libssh2", "unix", "ext"]


class LibvirtError(Exception):
    pass


class Raised(Exception):
    """Any of nova's own exceptions."""


def version(number):
    return (number // 1000000, number // 1000 % 1000, number % 1000)


class Host:
    def __init__(self, libvirt, qemu):
        self.libvirt, self.qemu = version(libvirt), version(qemu)

    def has_min_version(self, lv_ver=None, hv_ver=None, hv_type=None):
        return (lv_ver is None or self.libvirt >= tuple(lv_ver)) and (hv_ver is None or self.qemu >= tuple(hv_ver))


def libvirt_stand_in():
    names = {"VIR_MIGRATE_" + name: 1 << place for place, name in enumerate(FLAGS)}
    return types.SimpleNamespace(libvirtError=LibvirtError, VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS="parallel.connections",
                                 **names)


class Domain:
    """Libvirt's Python and the call behind it."""

    def migrateToURI3(self, destination, params, flags):
        for name, most in (("bandwidth", 2**64), ("parallel.connections", 2**31)):
            if not 0 <= params.get(name, 0) < most:
                raise OverflowError(name)
        if params["bandwidth"] > (2**63 - 1) >> 20:
            raise LibvirtError("bandwidth")
        if CONF.libvirt.virt_type == "lxc":
            raise LibvirtError("this function is not supported by the connection driver: virDomainMigrateToURI3")
        scheme = destination.split("://")[0]
        if "+" in scheme and scheme.split("+")[1].lower() not in TRANSPORTS:
            raise LibvirtError("no transport")
        self.called = params, flags


def tree(name):
    with open(os.path.join(os.path.dirname(nova.__file__), "virt", "libvirt", name)) as file:
        return ast.parse(file.read())


def compiled(nodes, names, name):
    exec(compile(ast.Module(nodes, []), name, "exec"), names)


def raises(node):
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def checks_of_the_start(driver):
    """The innermost conditions that end in an exception and name one of the options."""
    wanted = ("live_migration_with_native_tls", "live_migration_parallel_connections")
    found = []
    for node in ast.walk(driver):
        if isinstance(node, ast.If) and raises(node) and any(name in ast.dump(node.test) for name in wanted):
            found.append(node)
    return found


def load():
    driver, guest = tree("driver.py"), tree("guest.py")
    names = {"CONF": CONF, "libvirt": libvirt_stand_in(), "LOG": logging.getLogger("x"), "oslo_netutils": oslo_netutils,
             "_": str, "six": types.SimpleNamespace(PY2=False),
             "libvirt_utils": types.SimpleNamespace(version_to_string=str), "host": types.SimpleNamespace(HV_DRIVER_QEMU="QEMU"),
             "exception": type("Exceptions", (), {"__getattr__": lambda _self, _name: lambda *_a, **_f: Raised()})()}
    for node in driver.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            compiled([node], names, "driver.py")
    methods = [node for node in ast.walk(driver) if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS]
    [migrate] = [node for node in ast.walk(guest) if isinstance(node, ast.FunctionDef) and node.name == "migrate"]
    migrate.decorator_list = []
    body = ast.ClassDef(name="Driver", bases=[], keywords=[], body=methods, decorator_list=[])
    if "type_params" in ast.ClassDef._fields:
        body.type_params = []
    ast.fix_missing_locations(body)
    compiled([body], names, "driver.py")
    compiled([migrate], names, "guest.py")
    return names, checks_of_the_start(driver)


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        CONF(args=[], project="nova", default_config_files=[file.name], default_config_dirs=[])
        for name in CONF.libvirt:
            getattr(CONF.libvirt, name)


def migration(names, driver):
    uri = driver._live_migration_uri("192.0.2.7")
    guest = types.SimpleNamespace(_domain=Domain())
    extra = {}
    if "parallel" in names["migrate"].__code__.co_varnames:
        extra["parallel"] = CONF.libvirt.live_migration_parallel_connections
    names["migrate"](guest, uri, migrate_uri=None, flags=driver._live_migration_flags, migrate_disks=[],
                     destination_xml="<domain/>", bandwidth=CONF.libvirt.live_migration_bandwidth, **extra)
    params, flags = guest._domain.called
    return {"uri": uri, "flags": sorted(name for place, name in enumerate(FLAGS) if flags >> place & 1),
            "params": {name: params[name] for name in sorted(params) if not name.endswith("xml")},
            "xml": sorted(name for name in params if name.endswith("xml"))}


def answer(names, checks, ask):
    try:
        read(ask["text"])
    except Exception as error:
        return {"rejected": type(error).__name__}
    driver = names["Driver"]()
    driver._host = Host(ask["libvirt"], ask["qemu"])
    try:
        for node in checks:
            compiled([node], dict(names, self=driver), "driver.py")
        driver._parse_migration_flags()
    except Raised:
        return {"start": "refused"}
    try:
        return {"migrates": migration(names, driver)}
    except (Raised, LibvirtError, OverflowError, TypeError, ValueError) as error:
        return {"fails": type(error).__name__}


def main():
    names, checks = load()
    print(json.dumps({"checks": len(checks)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(names, checks, json.loads(line))), flush=True)


main()
