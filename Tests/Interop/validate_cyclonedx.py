# SPDX-License-Identifier: Apache-2.0
"""Validates a CycloneDX 1.6 JSON file with cyclonedx-python-lib's strict validator.

usage: validate_cyclonedx.py FILE
exit:  0 valid, 1 not valid (reasons on stderr), 77 the library is not installed
"""
import json
import sys

try:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    import jsonschema  # noqa: F401  the validator answers nothing without it
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)


def rules(document):
    """What the schema cannot say: references are unique and none leads nowhere."""
    components = [document["metadata"]["component"]] + document.get("components", [])
    names = [component["bom-ref"] for component in components]
    known = set(names)
    if len(names) != len(known):
        yield "a bom-ref stands twice"
    for entry in document.get("dependencies", []):
        for name in [entry["ref"]] + entry.get("dependsOn", []):
            if name not in known:
                yield f"{name} is no component"
        if entry.get("dependsOn", []) != sorted(set(entry.get("dependsOn", []))) and (
            entry["ref"] != names[0]
        ):
            yield f"the dependencies of {entry['ref']} are not sorted and unique"


with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
problems = ([str(problem)] if problem else []) + list(rules(json.loads(text)))
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)
