# SPDX-License-Identifier: Apache-2.0
# sigstore-python judges a folder of bundles: FOLDER has index.json, trusted_root.json and what was signed.
# It must accept what is right and refuse what is wrong, except where it is known not to look.
import json
import logging
import pathlib
import sys

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

# What sigstore-python 4.5.1 does not look at; ours does.
BLIND = {
    "certificate-several-names", "certificate-trailing-claim", "checkpoint-other-origin",
    "timestamp-two-signers",
    "timestamp-other-certificate-named", "timestamp-no-certificate-named",
}
# What it refuses although the specification allows it: two promises for one certificate, and one
# timestamp written twice.
STRICT = {"transparency-twice", "timestamp-twice"}
logging.getLogger("sigstore").setLevel(logging.CRITICAL)
folder = pathlib.Path(sys.argv[1])
verbose = len(sys.argv) > 2
index = json.loads((folder / "index.json").read_text())
verifier = Verifier(trusted_root=TrustedRoot.from_file(str(folder / "trusted_root.json")))
identity = policy.Identity(identity=index["identity"], issuer=index["issuer"])
artifact = (folder / "artifact").read_bytes()
statement = (folder / "statement.json").read_bytes()


def answer(entry):
    try:
        bundle = Bundle.from_json((folder / entry["bundle"]).read_bytes())
        if entry["content"] == "artifact":
            verifier.verify_artifact(artifact, bundle, identity)
        else:
            kind, payload = verifier.verify_dsse(bundle, identity)
            if kind != "application/vnd.in-toto+json" or payload != statement:
                return "another statement"
        return ""
    except Exception as error:  # it raises many kinds for bundles it cannot read
        return f"{type(error).__name__}: {error}" or "refused"


def expectation(entry):
    faults = set(entry["faults"])
    if not entry["timestamped"] and entry["log"] != "rekor1":
        return False  # no signed time at all
    if entry["log"] == "rekor1" and all(f.startswith("timestamp-") for f in faults - BLIND):
        # The promise's time is enough; it leaves timestamps aside, unless it cannot read them or
        # the certificate is not valid at a good one's time.
        return not faults & UNREADABLE
    return (entry["accepted"] or bool(faults & BLIND)) and not faults & STRICT


UNREADABLE = {
    "timestamp-late", "timestamp-rejected", "timestamp-other-content", "timestamp-trailing",
    "timestamp-twice",
}
accepted = refused = 0
failures = []
for entry in index["bundles"]:
    if entry["log"] == "none" or entry["signer"] == "key":
        continue  # it always wants a log entry and a certificate
    refusal = answer(entry)
    if verbose:
        print(entry["bundle"], "->", refusal or "accepted")
    if expectation(entry) == bool(refusal):
        failures.append(f"{entry['bundle']}: {refusal or 'accepted'}")
    elif refusal:
        refused += 1
    else:
        accepted += 1
print(f"sigstore-python accepts {accepted} and refuses {refused} bundles, as expected")
if failures:
    print("\n".join(failures), file=sys.stderr)
    sys.exit(1)
