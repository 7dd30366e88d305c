#!/usr/bin/env python3
"""Makes the list of every option that one nova release accepts, from PyPI alone.

    collect.py VERSION DIRECTORY [--date DATE] [--keep VENV]

VERSION is a nova on PyPI (33.0.2). The list goes to DIRECTORY/nova-<major>.jsonl, one option a line, facts only.

nova's wheel is installed into an environment of its own, with the libraries of its time: those that PyPI had on DATE, by
default two weeks after the first release of the series, when its constraints were settled. With today's libraries a
release gets options too many and others too few, because nova borrows from keystoneauth, castellan, oslo.cache, oslo.db.
The namespaces are those of nova's own nova-config-generator.conf, which only the sdist has. They are walked after nova's
own hook for defaults, so that `default` is what runs.

Python must be one that the release runs on; of the releases before 2024.1 only some do on a recent one.
"""

import argparse
import datetime
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request

from pip._internal.models.index import PyPI

# What the namespaces need and nova itself does not ask for.
EXTRA = ["osprofiler", "setuptools<81"]
# The facts of a type, by the class that oslo.config gives it.
KINDS = {
    "String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean", "Port": "port", "URI": "uri",
    "IPAddress": "ip", "Hostname": "hostname", "HostAddress": "host-address", "HostDomain": "host-domain",
    "Range": "range",
}


def index():
    """The page of nova on the package index that pip is set to, or has built in."""
    asked = os.environ.get("PIP_INDEX_URL") or subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    ).stdout.strip()
    return (asked or PyPI.simple_url).rstrip("/") + "/nova/"


def files():
    """{file name: entry} of every file of nova on PyPI."""
    request = urllib.request.Request(index(), headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return {entry["filename"]: entry for entry in json.load(answer)["files"]}


def settled(entries, version):
    """Two weeks after the first release of the series that `version` belongs to."""
    major = version.split(".")[0]
    final = re.compile(rf"nova-{major}(\.\d+)*\.tar\.gz")
    first = min(entry["upload-time"] for name, entry in entries.items() if final.fullmatch(name))
    date = datetime.datetime.fromisoformat(first.replace("Z", "+00:00")) + datetime.timedelta(days=14)
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")


def namespaces(entry):
    """The namespaces of nova's sample file, from its sdist."""
    with urllib.request.urlopen(entry["url"], timeout=300) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != entry["hashes"]["sha256"]:
        sys.exit(f"{entry['filename']} is not what PyPI says it is")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        name = next(name for name in archive.getnames() if name.endswith("etc/nova/nova-config-generator.conf"))
        text = archive.extractfile(name).read().decode()
    return re.findall(r"^namespace\s*=\s*(\S+)", text, re.MULTILINE)


def install(venv, version, date):
    """nova of `version` in a new environment, with the libraries that PyPI had on `date`."""
    def pip(*arguments):
        command = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        subprocess.run(command, check=True)

    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip("--upgrade", "pip")
    pip("--no-deps", f"nova=={version}")
    metadata = next(venv.glob("lib/python*/site-packages/nova-*.dist-info/METADATA")).read_text()
    wanted = re.findall(r"^Requires-Dist: ([^;\n]+?)\s*(?:;(.*))?$", metadata, re.MULTILINE)
    requirements = [name.replace("(", "").replace(")", "") for name, marker in wanted if "extra" not in marker]
    pip("--uploaded-prior-to", date, *requirements, *EXTRA)


def walk(wanted):
    """[facts] of every option in the namespaces, in the environment this runs in."""
    from oslo_config import generator

    generator._update_defaults(wanted)
    found = {}
    # Not generator._list_opts: of options that come several times it drops all but one, and their old names with them.
    for namespace, loader in generator._get_raw_opts_loaders(wanted):
        for group, options in loader():
            group = getattr(group, "name", group) or "DEFAULT"
            group = group if group == "DEFAULT" else group.lower()
            for option in options:
                described = facts(namespace, group, option)
                known = found.setdefault((group, option.dest), described)
                if known is described:
                    continue
                # keystoneauth's plugins bring one option several times, each with old names of its own.
                for old in described.get("deprecated", []):
                    if old not in known.setdefault("deprecated", []):
                        known["deprecated"].append(old)
    return [found[key] for key in sorted(found)]


def facts(namespace, group, option):
    kind = type_word(option.type)
    described = {"group": group, "name": option.dest, "type": f"multi<{kind}>" if option.multi else kind}
    described["default"] = plain(option.default)
    host = host_word(option)
    if host is not None:
        described.update(default=host, host_dependent=True)
    if option.sample_default is not None:
        described["sample_default"] = plain(option.sample_default)
    limits = limit_facts(option.type)
    if kind.startswith(("list<", "dict<")):
        item = limit_facts(getattr(option.type, "item_type", getattr(option.type, "value_type", None)))
        limits = {"item": item, "bounds": getattr(option.type, "bounds", False) or None}
    described.update({key: value for key, value in limits.items() if value is not None and value != {}})
    old = [{"group": alias.group or group, "name": alias.name or option.name} for alias in option.deprecated_opts]
    old = [alias for alias in old if (alias["group"], alias["name"]) != (group, option.name)]
    if old:
        described["deprecated"] = old
    if option.deprecated_since:
        described["deprecated_since"] = str(option.deprecated_since)
    for flag in ("mutable", "secret", "advanced", "required", "deprecated_for_removal"):
        if getattr(option, flag, False):
            described[flag] = True
    if option.name != option.dest:
        described["written_name"] = option.name
    described["source"] = namespace
    return described


def type_word(kind):
    if kind is str:
        return "string"
    name = type(kind).__name__
    if name == "List":
        return f"list<{type_word(kind.item_type)}>"
    if name == "Dict":
        return f"dict<{type_word(kind.value_type)}>"
    if name == "MultiString":
        return "string"
    return KINDS.get(name, f"custom:{getattr(kind, '__name__', name)}")


def limit_facts(kind):
    """What a type checks beyond its kind."""
    get = lambda key: getattr(kind, key, None)  # noqa: E731
    regex = get("regex")
    choices = get("choices")
    limits = {
        "min": get("min"), "max": get("max"),
        "choices": list(choices) if choices else None,
        "regex": getattr(regex, "pattern", regex),
        # Case is ignored in choices and patterns only.
        "ignore_case": bool(get("ignore_case") and (choices or regex)) or None, "max_length": get("max_length") or None,
        "quotes": get("quotes") or None, "schemes": get("schemes") or None, "version": get("version"),
    }
    return {key: value for key, value in limits.items() if value is not None}


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def host_word(option):
    """The word for a default that differs from host to host; None for all others."""
    import multiprocessing
    import os
    import socket

    from oslo_utils import netutils

    value = option.default
    if option.dest == "pybasedir":
        return "<site_packages>"
    if option.dest in ("thread_pool_size", "workers") and value == multiprocessing.cpu_count():
        return "<number_of_cpus>"
    if isinstance(value, str) and value:
        known = {socket.gethostname(): "<current_hostname>", netutils.get_my_ipv4(): "<host_ipv4>"}
        if option.dest == "processname" and value == os.path.basename(sys.argv[0]):
            return "<argv0>"
        return known.get(value)
    return None


def main():
    if sys.argv[1:2] == ["--walk"]:
        for option in walk(sys.argv[2:]):
            print(json.dumps(option, sort_keys=True))
        return
    parser = argparse.ArgumentParser(description="The options of one nova release, from PyPI alone.")
    parser.add_argument("version")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--date", help="take libraries as PyPI had them then")
    parser.add_argument("--keep", type=pathlib.Path, help="make the environment here, and leave it")
    arguments = parser.parse_args()
    entries = files()
    date = arguments.date or settled(entries, arguments.version)
    wanted = namespaces(entries[f"nova-{arguments.version}.tar.gz"])
    with tempfile.TemporaryDirectory() as scratch:
        venv = (arguments.keep or pathlib.Path(scratch) / "venv").resolve()
        if not (venv / "bin/python").exists():
            print(f"installing nova {arguments.version} with the libraries of {date}", file=sys.stderr)
            install(venv, arguments.version, date)
        command = [venv / "bin/python", pathlib.Path(__file__).resolve(), "--walk", *wanted]
        lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    major = arguments.version.split(".")[0]
    path = arguments.directory / f"nova-{major}.jsonl"
    path.write_text(lines)
    print(f"{path}: {len(lines.splitlines())} options", file=sys.stderr)


if __name__ == "__main__":
    main()
