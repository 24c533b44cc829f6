"""Verifies the DSSE envelope of a bundle with securesystemslib, whose PAE and key code are not ours."""
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

bundle = json.load(open(sys.argv[1]))
key = SSlibKey.from_crypto(load_pem_public_key(open(sys.argv[2], "rb").read()))
document = bundle["dsseEnvelope"]
for signature in document["signatures"]:
    signature.setdefault("keyid", key.keyid)
envelope = Envelope.from_dict(document)
accepted = envelope.verify([key], 1)
assert len(accepted) == 1, accepted
statement = json.loads(envelope.payload)
assert statement["predicateType"] == "https://sigstore.dev/cosign/sign/v1", statement
