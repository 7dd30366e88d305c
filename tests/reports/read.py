"""Reads reports as their consumers do: a job a line (format, path, schema), and for each what is wrong, or what was read."""
import csv
import json
import re
import sys
import tomllib
import xml.etree.ElementTree

import jsonschema
import junitparser


def sarif(job):
    report = json.load(open(job["path"]))
    schema = json.load(open(job["schema"]))
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(report)
    run = report["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    marks = [result["partialFingerprints"]["novamend/v1"] for result in run["results"]]
    assert len(set(marks)) == len(marks), "two findings have one fingerprint"
    found = []
    for result in run["results"]:
        assert rules[result["ruleId"]]["help"]["markdown"].startswith("# " + result["ruleId"])
        place = result["locations"][0]["physicalLocation"]
        region = place.get("region", {})
        found.append([place["artifactLocation"]["uri"], region.get("startLine"), result["level"], result["ruleId"]])
    return found


def junit(job):
    xml_ = junitparser.JUnitXml.fromfile(job["path"])
    found = []
    for suite in xml_:
        cases = list(suite)
        assert suite.tests == len(cases) and cases, "the counts of a suite are those of its tests"
        assert suite.failures == sum(any(isinstance(one, junitparser.Failure) for one in case.result) for case in cases)
        for case in cases:
            for result in case.result:
                found.append([case.classname, type(result).__name__, result.type, case.name.split(" in line ")[0]])
    return found


def gitlab(job):
    # What https://docs.gitlab.com/ci/testing/code_quality/ asks of a report.
    issues = json.load(open(job["path"]))
    assert isinstance(issues, list)
    for issue in issues:
        assert all(isinstance(issue[name], str) and issue[name] for name in ("description", "check_name", "fingerprint"))
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        path = issue["location"]["path"]
        assert path and not path.startswith("./")
        assert isinstance(issue["location"]["lines"]["begin"], int)
    marks = [issue["fingerprint"] for issue in issues]
    assert len(set(marks)) == len(marks), "two findings have one fingerprint"
    return [[issue["location"]["path"], issue["location"]["lines"]["begin"], issue["severity"], issue["check_name"]] for issue in issues]


def github(job):
    # As the runner reads a line: `::command name=value,…::data`, then what was escaped.
    found = []
    for line in open(job["path"], newline="\n"):
        read = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)\n", line)
        if not read:
            assert not line.lstrip().startswith("::"), line
            continue
        names = dict(pair.split("=", 1) for pair in read[2].split(","))
        plain = lambda text: text.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        number = int(names["line"]) if "line" in names else None
        found.append([plain(names["file"]), number, read[1], plain(names["title"])])
    return found


def checkstyle(job):
    root = xml.etree.ElementTree.parse(job["path"]).getroot()
    assert root.tag == "checkstyle" and root.attrib["version"]
    found = []
    for file in root:
        assert file.tag == "file" and len(file)
        for error in file:
            assert error.tag == "error" and error.attrib["severity"] in ("error", "warning", "info") and error.attrib["message"]
            found.append([file.attrib["name"], int(error.attrib["line"]), error.attrib["severity"], error.attrib["source"].removeprefix("novamend.")])
    return found


def table(job):
    with open(job["path"], newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(None not in row and None not in row.values() for row in rows), "a row is not as long as the heading"
    for row in rows:
        assert not any(cell.lstrip(" \t\r\"'")[:1] in "=+-@" and cell[:1] != "'" for cell in row.values() if cell)
    return [[row["file"], int(row["line"]) if row["line"] else None, row["severity"], row["rule"]] for row in rows]


def by_schema(job):
    with open(job["path"], "rb") as file:
        # A date of TOML is a text in a schema of JSON.
        document = json.loads(json.dumps(tomllib.load(file), default=str)) if job["format"] == "toml" else json.load(file)
    schema = json.load(open(job["schema"]))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


READERS = {"json": by_schema, "toml": by_schema, "sarif": sarif, "junit": junit, "gitlab": gitlab, "github": github, "checkstyle": checkstyle, "csv": table}
for line in sys.stdin:
    job = json.loads(line)
    try:
        answer = {"read": READERS[job["format"]](job)}
    except Exception as error:
        answer = {"wrong": f"{type(error).__name__}: {error}"[:2000]}
    print(json.dumps(answer), flush=True)
