"""Makes the edits of a report as a tool would that knows nothing of novamend: a path of a report a line, the new texts back."""
import base64, json, sys, urllib.parse


def of_json(report, texts):
    for stack in report["stacks"]:
        for edit in (edit for fix in stack["applied"] for edit in fix["edits"]):
            text, span = texts(edit["file"]), edit["span"]
            text[span["start"] : span["end"]] = edit["text"].encode()


def of_sarif(report, texts):
    fixes = [fix for run in report["runs"] for result in run["results"] for fix in result.get("fixes", [])]
    changes = [change for fix in fixes for change in fix["artifactChanges"]]
    edits = [(urllib.parse.unquote(change["artifactLocation"]["uri"]), edit) for change in changes for edit in change["replacements"]]
    key = lambda one: (one[1]["deletedRegion"]["byteOffset"], one[1]["deletedRegion"]["byteLength"])
    for file, edit in sorted(edits, key=key, reverse=True):
        start = edit["deletedRegion"]["byteOffset"]
        texts(file)[start : start + edit["deletedRegion"]["byteLength"]] = edit["insertedContent"]["text"].encode()


for line in sys.stdin:
    known, job = {}, json.loads(line)
    texts = lambda name: known.setdefault(name, bytearray(open(job["directory"] + "/" + name, "rb").read()))
    report = json.load(open(job["report"]))
    (of_sarif if "runs" in report else of_json)(report, texts)
    print(json.dumps({name: base64.b64encode(text).decode() for name, text in known.items()}), flush=True)
