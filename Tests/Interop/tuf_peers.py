"""Two clients follow one update repository: Assay's, and python-tuf's as the oracle.

usage: tuf_peers.py CLIENT FOLDER

Each day in `days` begins with a sound repository that both clients have seen; then something happens to it, good
or bad, and both come again. They have to agree, and to keep the same files. `stricter` are the days on which
python-tuf is known to accept what it should not.
"""
import copy, datetime, os, pathlib, shutil, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Key, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp,
)
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater

client, folder = sys.argv[1], pathlib.Path(sys.argv[2])
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
kinds = [CryptoSigner.generate_rsa, CryptoSigner.generate_ed25519, CryptoSigner.generate_ecdsa,
         lambda: CryptoSigner.generate_rsa(scheme="rsa-pkcs1v15-sha256")]
pool = [kinds[number % 4]() for number in range(24)]
TOP = ["root", "timestamp", "snapshot", "targets"]


def fresh(kind):
    metadata = Metadata(kind(expires=now + datetime.timedelta(days=30)))
    metadata.signed.version = 0
    return metadata


class Repository:
    """What python-tuf's metadata API makes, in files named as consistent snapshots are."""

    def __init__(self, home):
        self.home, self.next, self.hashes = home, 0, True
        (home / "metadata").mkdir(parents=True)
        (home / "targets").mkdir()
        self.roles = {kind.type: fresh(kind) for kind in (Root, Timestamp, Snapshot, Targets)}
        self.signers = {}
        for role in TOP:
            self.signers[role] = []
            self.add_key(role)
        self.add_target("targets", "hello.txt", b"hello")
        self.publish("root", "targets", "snapshot", "timestamp")
        self.release()

    def __getitem__(self, role): return self.roles[role].signed

    def signer(self):
        self.next += 1
        return pool[self.next - 1]

    def add_key(self, role, delegator="root"):
        signer = self.signer()
        self[delegator].add_key(signer.public_key, role)
        self.signers.setdefault(role, []).append(signer)

    def rotate(self, role):
        for signer in self.signers[role]: self["root"].revoke_key(signer.public_key.keyid, role)
        self.signers[role] = []
        self.add_key(role)

    def add_target(self, role, path, content):
        self[role].targets[path] = TargetFile.from_data(path, content, ["sha256", "sha512"])
        for digest in self[role].targets[path].hashes.values():
            place = self.home / "targets" / os.path.dirname(path)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{digest}.{os.path.basename(path)}").write_bytes(content)

    def delegate(self, delegator, name, **scope):
        if self[delegator].delegations is None: self[delegator].delegations = Delegations({}, {})
        scope = scope or {"paths": ["*"]}
        scope.setdefault("terminating", False)
        self[delegator].delegations.roles[name] = DelegatedRole(name, [], 1, **scope)
        if name not in self.roles:
            self.roles[name] = fresh(Targets)
        self.add_key(name, delegator)

    def bins(self, bits):
        roles = SuccinctRoles([], 1, bits, "bin")
        self["targets"].delegations = Delegations({}, None, roles)
        signer = self.signer()
        self["targets"].add_key(signer.public_key)
        for name in roles.get_roles():
            self.roles[name] = fresh(Targets)
            self.signers[name] = [signer]
        return roles

    def publish(self, *roles, bump=True):
        for role in roles:
            if bump: self[role].version += 1
            self.write(role, self.bytes(role))

    def bytes(self, role, signers=None):
        metadata = self.roles[role]
        metadata.signatures.clear()
        for signer in self.signers[role] if signers is None else signers: metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer())

    def write(self, role, data, announce=True):
        version, name = self[role].version, quote(role, "")
        (self.home / "metadata" / f"{version}.{name}.json").write_bytes(data)
        if role == "timestamp": (self.home / "metadata" / "timestamp.json").write_bytes(data)
        entry = MetaFile.from_data(version, data, ["sha256"]) if self.hashes else MetaFile(version)
        if announce and role == "snapshot": self["timestamp"].snapshot_meta = entry
        if announce and role not in ("root", "timestamp", "snapshot"): self["snapshot"].meta[f"{role}.json"] = entry

    def release(self): self.publish("targets", "snapshot", "timestamp")

    def file(self, name): return self.home / "metadata" / name

    def everything(self):
        """Every delegated role, and the release that announces them."""
        self.publish(*[role for role in self.roles if role not in TOP])
        self.release()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = folder / self.path.lstrip("/")
        if not path.is_file(): return self.send_error(404)
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_): pass


def ours(home, base, names, before=()):
    command = [*before, client, "--metadata-url", f"{base}/metadata", "--metadata-dir", str(home / "metadata")]
    for name in names: command += ["--target-name", name]
    if names: command += ["--target-dir", str(home / "targets"), "--target-base-url", f"{base}/targets", "download"]
    else: command += ["refresh"]
    result = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60)
    return result.returncode == 0, result.stderr.strip()


def theirs(home, base, names):
    try:
        updater = Updater(str(home / "metadata"), f"{base}/metadata/", str(home / "targets"), f"{base}/targets/",
                          bootstrap=(home / "start.json").read_bytes())
        updater.refresh()
        for name in names:
            info = updater.get_targetinfo(name)
            if info is None: raise LookupError(name)
            if not updater.find_cached_target(info): updater.download_target(info)
        return True, ""
    except Exception as error:
        return False, f"{type(error).__name__}: {error}"


def expired(role):
    def day(repository):
        repository[role].expires = now - datetime.timedelta(days=1)
        repository.publish(role, *{"targets": ["snapshot", "timestamp"], "snapshot": ["timestamp"]}.get(role, []))
    return day


def stranger(role):
    def day(repository):
        repository.signers[role] = [repository.signer()]
        repository.publish(role, *{"targets": ["snapshot", "timestamp"], "snapshot": ["timestamp"]}.get(role, []))
    return day


def older(role):
    def day(repository):
        repository[role].version -= 2
        repository.publish(role, *{"targets": ["snapshot", "timestamp"], "snapshot": ["timestamp"]}.get(role, []))
    return day


def changed(role, old, new):
    def day(repository):
        repository.release() if role != "root" else repository.publish("root")
        data = repository.bytes(role).replace(old, new)
        repository.write(role, data)
        if role == "targets": repository.publish("snapshot", "timestamp")
        if role == "snapshot": repository.publish("timestamp")
    return day


def rotation(*steps):
    """Roots whose keys, threshold and signatures are given by number."""
    def day(repository):
        signers = [repository.signer() for _ in range(6)]
        first = repository.signers["root"]
        for number, (keys, threshold, signatures) in enumerate(steps):
            role = repository["root"].roles["root"]
            role.keyids.clear()
            role.threshold = threshold
            for key in keys: repository["root"].add_key(signers[key].public_key, "root")
            repository.signers["root"] = [signers[one] for one in signatures] + (first if number == 0 else [])
            repository.publish("root")
    return day


def rotated(*roles):
    def day(repository):
        for role in roles: repository.rotate(role)
        repository.publish("root")
        for role in roles: repository[role].version = 0
        repository.release()
    return day


def delegated(**scope):
    def day(repository):
        repository.delegate("targets", "A", **scope)
        repository.add_target("A", "a/file", b"of A")
        repository.add_target("A", "file", b"of A too")
        repository.everything()
        return ["a/file"]
    return day


def graph(*edges, wanted):
    def day(repository):
        for edge in edges:
            delegator, name, *rest = edge
            repository.delegate(delegator, name, paths=["*"], terminating=bool(rest))
        for edge in edges: repository.add_target(edge[1], f"in-{edge[1]}", edge[1].encode())
        repository.everything()
        return [wanted]
    return day


def bins(bits, path):
    def day(repository):
        roles = repository.bins(bits)
        repository.add_target(roles.get_role_for_target(path), path, b"binned")
        repository.everything()
        return [path]
    return day


def named(name):
    def day(repository):
        repository.delegate("targets", name)
        repository.add_target(name, "file", b"x")
        repository.everything()
        return ["file"]
    return day


def edit(change, *names):
    def day(repository):
        result = change(repository)
        return list(names) or result
    return day


def two_ways(repository):
    repository.delegate("targets", "A", paths=["a/*"])
    repository.delegate("targets", "B", paths=["b/*"])
    repository.delegate("A", "C", paths=["a/*"])
    of_a = list(repository.signers["C"])
    repository.delegate("B", "C", paths=["b/*"])
    repository.signers["C"] = of_a
    repository.add_target("C", "a/file", b"one")
    repository.add_target("C", "b/file", b"two")
    repository.everything()
    return ["a/file", "b/file"]


def same_key_twice(repository):
    signer = repository.signers["timestamp"][0]
    document = copy.deepcopy(signer.public_key.to_dict())
    repository["root"].keys["another-name"] = Key.from_dict("another-name", document)
    repository["root"].roles["timestamp"].keyids.append("another-name")
    repository["root"].roles["timestamp"].threshold = 2
    repository.publish("root")
    repository["timestamp"].version += 1
    data = repository.bytes("timestamp")
    import json
    text = json.loads(data)
    text["signatures"].append({"keyid": "another-name", "sig": text["signatures"][0]["sig"]})
    repository.write("timestamp", json.dumps(text).encode())


def released(repository, *targets):
    for path, content in targets: repository.add_target("targets", path, content)
    repository.release()
    return [path for path, _ in targets]


def serve_old(repository, role):
    repository.release()
    shutil.copy(repository.file(f"2.{role}.json"), repository.file(f"3.{role}.json"))


def spoil(repository, content):
    released(repository, ("new", b"good"))
    for place in (repository.home / "targets").glob("*.new"): place.write_bytes(content)
    return ["new"]


def remove(repository, name):
    repository.release()
    repository.file(name).unlink()


def unhashed(repository):
    repository.hashes = False
    repository.release()


def consistent_off(repository):
    repository["root"].consistent_snapshot = False
    repository.publish("root")
    repository.release()
    for role in ("snapshot", "targets"):
        shutil.copy(repository.file(f"{repository[role].version}.{role}.json"), repository.file(f"{role}.json"))
    (repository.home / "targets" / "hello.txt").write_bytes(b"hello")
    return ["hello.txt"]


days = {
    "nothing happens": lambda repository: ["hello.txt"],
    "a release": lambda repository: released(repository, ("new", b"1"), ("a/b c/ü.txt", b"2")),
    "a release without hashes in metadata": unhashed,
    "consistent snapshots are given up": consistent_off,
    "a target nobody lists": lambda repository: ["missing"],
    "a target of other content": lambda repository: spoil(repository, b"evil"),
    "a target that is too short": lambda repository: spoil(repository, b"e"),
    "a target that is too long": lambda repository: spoil(repository, b"good and more"),
    **{f"{role} expired": expired(role) for role in TOP},
    **{f"{role} signed by a stranger": stranger(role) for role in TOP},
    **{f"{role} older": older(role) for role in TOP if role != "root"},
    "timestamp changed": changed("timestamp", b'"version": 3', b'"version": 4'),
    "snapshot changed": changed("snapshot", b'"spec_version"', b'"spec_versiom"'),
    "targets changed": changed("targets", b"hello.txt", b"hellO.txt"),
    "root changed": changed("root", b'"consistent_snapshot": true', b'"consistent_snapshot": false'),
    "timestamp is no JSON": changed("timestamp", b"{", b"["),
    "timestamp has another type": changed("timestamp", b'"_type": "timestamp"', b'"_type": "snapshot"'),
    "snapshot of the last release": lambda repository: serve_old(repository, "snapshot"),
    "targets of the last release": lambda repository: serve_old(repository, "targets"),
    "no timestamp": lambda repository: remove(repository, "timestamp.json"),
    "no snapshot": lambda repository: remove(repository, "3.snapshot.json"),
    "no targets": lambda repository: remove(repository, "3.targets.json"),
    "root keys rotate": rotation(([0], 1, [0]), ([1], 1, [0, 1]), ([1], 1, [1])),
    "root threshold rises": rotation(([0], 1, [0]), ([0, 1, 2], 2, [0, 2])),
    "root threshold falls": rotation(([0, 1], 2, [0, 1]), ([0, 1], 1, [0, 1]), ([1], 1, [0, 1])),
    "root 3 of 5, one rotated": rotation(([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 1, 4])),
    "root without its old keys": rotation(([0], 1, [0]), ([1], 1, [1])),
    "root without its new keys": rotation(([0], 1, [0]), ([1], 1, [0])),
    "root with too few old keys": rotation(([0, 1], 2, [0, 1]), ([0, 1], 1, [0])),
    "root with too few new keys": rotation(([0], 1, [0]), ([0, 1], 2, [0])),
    "timestamp starts again": rotated("timestamp"),
    "snapshot and timestamp start again": rotated("snapshot", "timestamp"),
    "a delegation by paths": delegated(paths=["a/*"], terminating=False),
    "a delegation that does not cover": delegated(paths=["*"], terminating=False),
    "a delegation by a set": delegated(paths=["[ab]/f?le"], terminating=True),
    "a delegation by hash prefixes": delegated(path_hash_prefixes=list("0123456789abcdef"), terminating=False),
    "a delegation by no hash prefix": delegated(path_hash_prefixes=[], terminating=False),
    "depth first": graph(("targets", "A"), ("targets", "B"), ("A", "C"), wanted="in-B"),
    "a terminating role": graph(("targets", "A"), ("A", "C", True), ("A", "D"), wanted="in-D"),
    "below a terminating role": graph(("targets", "A", True), ("A", "C"), wanted="in-C"),
    "a cycle": graph(("targets", "A"), ("A", "B"), ("B", "A"), wanted="missing"),
    "two bins": bins(1, "some/file"),
    "256 bins": bins(8, "file"),
    **{f"a role called {name}": named(name) for name in ["?", "#", "/x", "../x", "a b", "%2F", "ü"]},
    "one key under two names": same_key_twice,
    "one role by two ways": two_ways,
}
stricter = {"one key under two names"}


def clock(base, home):
    """The client goes by the system's clock, which faketime moves."""
    if not shutil.which("faketime"): return []
    troubles = []
    for shift, fine in (("+20d", True), ("+40d", False)):
        accepted, why = ours(home, base, [], before=["faketime", "-f", shift])
        if accepted != fine or not (fine or "expired" in why): troubles.append(f"clock {shift}: {accepted} {why}")
    return troubles


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    troubles, refusals = [], 0
    for number, (title, day) in enumerate(days.items()):
        repository = Repository(folder / f"day{number}")
        base = f"http://127.0.0.1:{server.server_address[1]}/day{number}"
        homes = [folder / f"ours{number}", folder / f"theirs{number}"]
        start = repository.file("1.root.json")
        for home in homes:
            (home / "metadata").mkdir(parents=True)
            (home / "targets").mkdir()
            shutil.copy(start, home / "start.json")
        subprocess.run([client, "init", str(start), "--metadata-dir", str(homes[0] / "metadata")], check=True)
        for visit, home in zip((ours, theirs), homes):
            accepted, why = visit(home, base, [])
            if not accepted: troubles.append(f"{title}: the sound start was refused: {why}")
        names = day(repository) or []
        (we, our_reason), (they, their_reason) = ours(homes[0], base, names), theirs(homes[1], base, names)
        refusals += not we
        if title in stricter:
            if we or not they: troubles.append(f"{title}: ours {we}, theirs {they}: {our_reason} {their_reason}")
            continue
        if we != they:
            troubles.append(f"{title}: ours {we} ({our_reason}), theirs {they} ({their_reason})")
        for role in TOP + [quote(name, "") for name in repository.roles if name not in TOP]:
            kept = [home / "metadata" / f"{role}.json" for home in homes]
            contents = [path.read_bytes() if path.exists() else None for path in kept]
            # Cached names of theirs may be encoded in another way.
            if role in TOP and contents[0] != contents[1]: troubles.append(f"{title}: the kept {role} differ")
        files = [sorted(path.read_bytes() for path in (home / "targets").rglob("*") if path.is_file()) for home in homes]
        if files[0] != files[1]: troubles.append(f"{title}: the downloaded files differ")
    troubles += clock(f"http://127.0.0.1:{server.server_address[1]}/day0", folder / "ours0")
    for trouble in troubles: print(trouble, file=sys.stderr)
    print(f"{len(days)} days, {refusals} of them bad, {len(troubles)} disagreements", file=sys.stderr)
    sys.exit(bool(troubles))


main()
