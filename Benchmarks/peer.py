# SPDX-License-Identifier: Apache-2.0
# Verifies with sigstore-python the bundles that assay-benchmarks --write wrote, and tells both costs.
#
# One process, trusted roots and policies made before the clock starts, everything offline, processor
# time as assay-benchmarks counts it. Usage: peer.py FOLDER, or peer.py --once FOLDER/CASE for one
# verification whose process somebody else times.

import pathlib
import statistics
import sys
import time

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

ROUNDS = 9
ROUND_SECONDS = 0.2


def text(path):
    return path.read_text(encoding="utf-8")


def work(folder):
    """One verification from bytes, as a function."""
    trusted = TrustedRoot.from_file(str(folder / "trusted_root.json"))
    verifier = Verifier(trusted_root=trusted)
    wanted = policy.Identity(identity=text(folder / "subject"), issuer=text(folder / "issuer"))
    bundle = (folder / "bundle.json").read_bytes()
    artifact = (folder / "artifact").read_bytes()
    is_envelope = b'"dsseEnvelope"' in bundle

    def verify():
        parsed = Bundle.from_json(bundle)
        if is_envelope:
            verifier.verify_dsse(parsed, wanted)
        else:
            verifier.verify_artifact(artifact, parsed, wanted)

    return verify


def cost(verify):
    """Microseconds of processor time for one run: the median of the rounds."""
    for _ in range(3):
        verify()
    costs = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        count = 0
        while time.process_time() - begun < ROUND_SECONDS:
            verify()
            count += 1
        costs.append((time.process_time() - begun) / count * 1e6)
    return statistics.median(costs)


if sys.argv[1] == "--once":
    work(pathlib.Path(sys.argv[2]))()
    sys.exit(0)
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    name, ours = text(folder / "name"), float(text(folder / "cost"))
    try:
        peer = cost(work(folder))
    except Exception as problem:  # What the peer refuses is told and not compared.
        print(f"  {name:<56} {ours:8.0f} µs   sigstore-python: {type(problem).__name__}: {problem}")
        continue
    print(f"  {name:<56} {ours:8.0f} µs   sigstore-python {peer:8.0f} µs   ratio {ours / peer:.3f}")
