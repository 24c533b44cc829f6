"""Keeps a small update repository as sigstore's are laid out: metadata at the top, hashed targets below.

usage: trust_repository.py FOLDER TRUSTED_ROOT SECONDS

The first call makes it; each further one publishes a new state that is fresh for SECONDS.
"""
import datetime, hashlib, pathlib, pickle, shutil, sys

from cryptography.hazmat.primitives import serialization
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

folder, document, seconds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes(), int(sys.argv[3])
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
later, soon = now + datetime.timedelta(days=30), now + datetime.timedelta(seconds=seconds)
memory = folder.with_suffix(".memory")

if memory.exists():
    pem, version = pickle.loads(memory.read_bytes())
    signer = CryptoSigner(serialization.load_pem_private_key(pem, None))
else:
    (folder / "targets").mkdir(parents=True)
    (folder / "kept").mkdir()
    signer, version = CryptoSigner.generate_ecdsa(), 0
    root = Root(expires=later, consistent_snapshot=True)
    for role in ["root", "timestamp", "snapshot", "targets"]:
        root.add_key(signer.public_key, role)
    metadata = Metadata(root)
    metadata.sign(signer)
    metadata.to_file(str(folder / "1.root.json"))
version += 1
memory.write_bytes(pickle.dumps((signer.private_bytes, version)))


def publish(signed, name):
    metadata = Metadata(signed)
    metadata.sign(signer)
    metadata.to_file(str(folder / name))


name = "trusted_root.json"
(folder / "targets" / f"{hashlib.sha256(document).hexdigest()}.{name}").write_bytes(document)
publish(Targets(version=version, expires=later, targets={name: TargetFile.from_data(name, document, ["sha256"])}),
        f"{version}.targets.json")
publish(Snapshot(version=version, expires=later, meta={"targets.json": MetaFile(version)}), f"{version}.snapshot.json")
publish(Timestamp(version=version, expires=soon, snapshot_meta=MetaFile(version)), "timestamp.json")
shutil.copy(folder / "timestamp.json", folder / "kept" / f"timestamp.{version}.json")
