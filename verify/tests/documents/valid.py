"""What is wrong with each of the documents of standard input, a list of JSON, by a JSON Schema; null where nothing is.

    valid.py SCHEMA

A field that the schema does not know is wrong here: it may be added to what is printed, and belongs into the schema then.
"""

import json
import sys

import jsonschema


def closed(schema):
    """The schema with nothing left open."""
    for one in [schema, *schema.get('$defs', {}).values()]:
        if 'properties' in one:
            one['unevaluatedProperties'] = False
    return schema


with open(sys.argv[1]) as file:
    SCHEMA = json.load(file)
jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = jsonschema.Draft202012Validator(closed(SCHEMA))


def wrong(document):
    error = next(VALIDATOR.iter_errors(document), None)
    return error and f'{error.json_path}: {error.message[:1000]}'


print(json.dumps([wrong(document) for document in json.load(sys.stdin)]))
