"""Validates manifests on standard input by Kubernetes' schema, and prints them as JSON.

validate.py SCHEMA: ends with 1 and the reason where one is refused.
"""

import json
import sys

import jsonschema
import yaml

with open(sys.argv[1]) as file:
    schema = json.load(file)
documents = [document for document in yaml.safe_load_all(sys.stdin) if document]
for document in documents:
    group, version = document["apiVersion"].split("/")
    name = f"io.k8s.api.{group}.{version}.{document['kind']}"
    if name not in schema["$defs"]:
        sys.exit(f"no schema of {name}")
    wanted = {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}
    error = next(jsonschema.Draft202012Validator(wanted).iter_errors(document), None)
    if error is not None:
        place = "/".join(str(step) for step in error.absolute_path)
        sys.exit(f"{document['kind']} {place}: {error.message[:200]}")
json.dump(documents, sys.stdout)
