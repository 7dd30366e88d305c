"""Prints checks as `nova-status upgrade check` does: a list of checks a line, and for each its table, its JSON and its exit code."""
import contextlib
import io
import json
import sys
import types

from oslo_upgradecheck import upgradecheck


def printed(checks, is_json):
    class Commands(upgradecheck.UpgradeCommands):
        def check_of(self, found):
            return upgradecheck.Result(upgradecheck.Code(found["result"]), found["details"])

    Commands._upgrade_checks = tuple((one["check"], (Commands.check_of, {"found": one})) for one in checks)
    upgradecheck.CONF = types.SimpleNamespace(command=types.SimpleNamespace(json=is_json))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = Commands().check()
    return out.getvalue(), int(code)


for line in sys.stdin:
    checks = json.loads(line)["checks"]
    (table, code), (document, _) = printed(checks, False), printed(checks, True)
    print(json.dumps({"table": table, "json": document, "code": code}), flush=True)
