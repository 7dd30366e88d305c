"""Formats URIs as nova does: for each line [uri, host] the text, or the exception's name."""

import json
import sys

for line in sys.stdin:
    uri, host = json.loads(line)
    try:
        answer = {"text": uri % host}
    except Exception as error:
        answer = {"error": type(error).__name__}
    print(json.dumps(answer), flush=True)
