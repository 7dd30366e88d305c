"""Answers with what the installed nova decides about a live migration, a line of JSON for a line of JSON.

The functions of nova.virt.libvirt.migration are nova's own. Nova's driver cannot be imported without a hypervisor, so its
two rules (data_gb and the completion timeout) are compiled from the driver's own source. Where nova does not import under
this Python (18: a module of its database layer), migration.py is loaded from its file with stand-ins for what it imports;
the first line printed says which.
"""

import ast
import importlib
import importlib.util
import json
import logging
import os
import sys
import types

UNITS = types.SimpleNamespace(Mi=2**20, Gi=2**30)


class Plain:
    """What a function is handed and only logs, or calls without effect."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


def package():
    for root in sys.path:
        path = os.path.join(root, "nova", "virt", "libvirt")
        if os.path.isfile(os.path.join(path, "migration.py")):
            return path
    raise SystemExit("nova is not installed here")


def stand_ins():
    """Everything migration.py imports, empty."""
    conf = Plain(libvirt=Plain())
    for name in ["nova", "nova.compute", "nova.compute.power_state", "nova.conf", "nova.exception", "nova.objects",
                 "nova.virt", "nova.virt.hardware", "nova.virt.libvirt", "nova.virt.libvirt.config"]:
        module = types.ModuleType(name)
        module.__path__ = []
        sys.modules[name] = module
        if "." in name:
            parent, _, child = name.rpartition(".")
            setattr(sys.modules[parent], child, module)
    sys.modules["nova.conf"].CONF = conf


def load():
    try:
        return importlib.import_module("nova.virt.libvirt.migration"), "imported"
    except Exception:  # whatever an old nova trips over
        for name in [name for name in sys.modules if name == "nova" or name.startswith("nova.")]:
            del sys.modules[name]
        path = os.path.join(package(), "migration.py")
        stand_ins()
        spec = importlib.util.spec_from_file_location("nova.virt.libvirt.migration", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module, "loaded with stand-ins"


def driver_rules(conf):
    """data_gb and the completion timeout, from the driver's source."""
    with open(os.path.join(package(), "driver.py")) as file:
        tree = ast.parse(file.read())
    names = {"units": UNITS, "os": Plain(stat=lambda size: Plain(st_size=size)), "LOG": logging.getLogger("x"),
             "CONF": conf}
    wanted = [node for node in ast.walk(tree)
              if isinstance(node, ast.FunctionDef) and node.name == "_live_migration_data_gb"]
    [function] = wanted
    exec(compile(ast.Module([function], []), "driver.py", "exec"), names)
    [assigned] = {ast.dump(node.value): node.value for node in ast.walk(tree)
                  if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                  and node.targets[0].id == "completion_timeout"}.values()
    timeout = compile(ast.Expression(assigned), "driver.py", "eval")

    def data_gb(ram_mib, disks):
        return names["_live_migration_data_gb"](None, Plain(flavor=Plain(memory_mb=ram_mib)), disks)

    return data_gb, lambda size: eval(timeout, dict(names, data_gb=size))


def setter(conf):
    if hasattr(conf, "set_override"):
        return lambda name, value: conf.set_override(name, value, group="libvirt")
    return lambda name, value: setattr(conf.libvirt, name, value)


def answer(module, data_gb, completion, put, ask):
    put("live_migration_downtime", ask["downtime"])
    put("live_migration_downtime_steps", ask["steps"])
    put("live_migration_downtime_delay", ask["delay"])
    put("live_migration_completion_timeout", ask["completion_timeout"])
    size = data_gb(ask["ram_mib"], ask["disks"])
    steps = list(module.downtime_steps(size))
    calls = []
    guest = Plain(migrate_configure_max_downtime=calls.append)
    status = "running (post-copy)" if ask["in_post_copy"] else "running"
    elapsed = ask["elapsed_quarters"] / 4
    stalled = ask["stalled_quarters"] / 4
    timeout = completion(size)
    told = {
        "data_gb": repr(float(size)),
        "completion": timeout,
        "steps": steps,
        "downtime": module.update_downtime(guest, None, None, steps, elapsed),
        "calls": calls,
    }
    if hasattr(module, "should_trigger_timeout_action"):
        told["trigger"] = module.should_trigger_timeout_action(None, elapsed, timeout, status)
    if hasattr(module, "should_abort"):
        told["abort"] = module.should_abort(None, stalled, 0, ask["progress_timeout"], elapsed, timeout, status)
    if hasattr(module, "should_switch_to_postcopy"):
        told["switch"] = module.should_switch_to_postcopy(
            ask["iteration"], ask["remaining"], ask["previous"], status)
    return told


def main():
    logging.disable(logging.CRITICAL)
    module, how = load()
    conf = module.CONF
    module.libvirt = Plain(libvirtError=Exception)
    data_gb, completion = driver_rules(conf)
    put = setter(conf)
    print(json.dumps(how), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(module, data_gb, completion, put, json.loads(line))), flush=True)


main()
