# SPDX-License-Identifier: Apache-2.0
"""Manifests generated from a seed, read by kubectl and by Assay.

Each file must be refused by Assay, or both must find the same images in the same objects; an image
that kubectl would post and Assay does not name is an error in any case. kubectl needs an API server
to learn which kinds there are, even with --dry-run=client: a stand-in on loopback lists them.

usage: manifests.py ASSAY FOLDER FIRST_SEED SEEDS [FILES_PER_SEED]
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {
    "v1": ["Pod", "Service", "ConfigMap", "Secret", "Namespace", "PodTemplate", "ReplicationController", "List"],
    "apps/v1": ["Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ControllerRevision"],
    "batch/v1": ["Job", "CronJob"],
    "example.com/v1": ["Rollout", "Job", "Workflow"],
}
POD_SPECS = {
    "Pod": "/spec", "PodTemplate": "/template/spec", "CronJob": "/spec/jobTemplate/spec/template/spec",
    **{kind: "/spec/template/spec" for kind in
       ["ReplicationController", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job"]},
}
IMAGE = re.compile(r"r\.example/f(\d+)/")


class Server(BaseHTTPRequestHandler):
    """Discovery of an API server: what `kubectl create` asks before it prints an object."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?")[0]
        version = path.removeprefix("/apis/").removeprefix("/api/")
        code, answer = 200, {"kind": "Status", "status": "Failure", "code": 404, "reason": "NotFound"}
        if path == "/api":
            answer = {"kind": "APIVersions", "versions": ["v1"]}
        elif path == "/apis":
            groups = [{"groupVersion": each, "version": "v1"} for each in KINDS if "/" in each]
            answer = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": each["groupVersion"].split("/")[0], "versions": [each], "preferredVersion": each}
                for each in groups]}
        elif version in KINDS:
            answer = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": [
                {"name": kind.lower() + "s", "singularName": "", "namespaced": kind != "Namespace",
                 "kind": kind, "verbs": ["create", "get", "list"]} for kind in KINDS[version]]}
        else:
            code = 404
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Raw(str):
    """Text of a scalar as it stands in the file."""


class Generator:
    """One file. A mapping is a list of pairs in `Map`, so that it can hold a name twice."""

    class Map(list):
        pass

    def __init__(self, seed, number):
        self.random = random.Random(f"{seed}/{number}")
        self.number = number
        self.images = 0
        self.names = 0
        self.anchors = []
        # How odd this file is: files with one odd thing are read by both more often.
        self.oddness = self.random.choice([0.05, 0.2, 0.5, 1])

    def rare(self, part):
        return self.random.random() < part * self.oddness

    def chance(self, part):
        return self.random.random() < part

    def pick(self, *values):
        return self.random.choice(values)

    # Values

    def image(self):
        self.images += 1
        return f"r.example/f{self.number}/i{self.images}:1"

    def container(self):
        pairs = [("name", f"c{self.images}"), ("image", self.image())]
        if self.rare(0.1):
            pairs.append((self.pick("image", "Image", "IMAGE", Raw('"im\\u0061ge"'), "\u212aimage", Raw("!!str image")), self.image()))
        if self.rare(0.4):
            pairs.append((self.pick("args", "on", Raw("1"), Raw("0x1F"), Raw("1.50"), Raw("y"), Raw("~"), Raw("012")), self.odd()))
        if self.chance(0.2):
            self.random.shuffle(pairs)
        return Generator.Map(pairs)

    def odd(self):
        return self.pick(
            Raw("y"), Raw("0o17"), Raw("017"), Raw("1_000"), Raw("0x_1F"), Raw("1e3"), Raw(".5"), Raw("1:30"), Raw(".inf"), Raw("~"),
            Raw("2001-01-01"), Raw("!!binary aGk="), Raw("!!int '3'"), Raw("!!str 12"), Raw("! 12"), Raw("!own x"), Raw("+12"),
            Raw("18446744073709551615"), Raw("123456789012345678901"), Raw("\"a\\x41\\_b\""), Raw("'a''b'"), Raw("|\n      ---\n      x\n"),
            Raw("|2-\n        a\n"), Raw("[a, {b: c}]"), Raw("a #b"), Raw("-"), Raw("a:b"), Raw("?x"), "plain", "two words", "")

    def pod(self):
        pairs = [("containers", [self.container() for _ in range(self.pick(1, 1, 2))])]
        if self.chance(0.2):
            pairs.append((self.pick("initContainers", "ephemeralContainers"), [self.container()]))
        if self.rare(0.1):
            pairs.append((self.pick("containers", "Containers", "CONTAINERS"), [self.container()]))
        if self.chance(0.1):
            pairs.append(("volumes", [Generator.Map([("name", "v"), ("image", Generator.Map([("reference", self.image())]))])]))
        self.random.shuffle(pairs)
        return Generator.Map(pairs)

    def metadata(self):
        self.names += 1
        pairs = [("name", f"f{self.number}-{self.names}")]
        if self.chance(0.2):
            pairs.append(("namespace", self.pick("shop", "default")))
        if self.chance(0.2):
            pairs.append(("labels", Generator.Map([(self.pick("a", Raw("1"), Raw("yes")), "b")])))
        return Generator.Map(pairs)

    def object(self, depth=0):
        version = self.pick(*KINDS)
        kind = self.pick(*KINDS[version])
        if self.chance(0.4):
            version, kind = "v1", "Pod"
        pairs = [("apiVersion", version), ("kind", kind), ("metadata", self.metadata())]
        template = Generator.Map([("spec", self.pod())])
        holder = {
            "Pod": lambda: ("spec", self.pod()), "PodTemplate": lambda: ("template", template),
            "CronJob": lambda: ("spec", Generator.Map([("jobTemplate", Generator.Map([("spec", Generator.Map([("template", template)]))]))])),
            "ConfigMap": lambda: ("data", Generator.Map([(self.pick("a", Raw("1"), Raw("0x10"), Raw("1.5")), self.odd())])),
            "ControllerRevision": lambda: ("data", Generator.Map([("spec", Generator.Map([("template", template)]))])),
            "Workflow": lambda: ("spec", Generator.Map([("steps", [Generator.Map([("image", self.image())])])])),
            "Service": lambda: ("spec", Generator.Map([("type", "ClusterIP")])),
        }.get(kind, lambda: ("spec", Generator.Map([("template", template)])))
        if kind not in ("Namespace", "Secret", "List") or self.chance(0.1):
            pairs.append(holder())
        if kind == "List" or self.chance(0.12):
            value = [self.item(depth + 1) for _ in range(self.pick(0, 1, 2))] if depth < 2 else []
            if self.rare(0.2):
                value = self.pick(Raw("null"), Raw("{}"), Raw("x"), Raw("[x]"), Raw("[null]"))
            pairs.append((self.pick("items", "items", "items", "Items"), value))
            if self.chance(0.4):
                pairs = [(name, value) if name != "kind" else (name, value + "List") for name, value in pairs]
                pairs = [("kind", "PodList") if name == "kind" and self.chance(0.3) else (name, value) for name, value in pairs]
        if self.rare(0.15):
            del pairs[self.random.randrange(len(pairs))]
        if self.rare(0.06):
            pairs.append((self.pick("kind", Raw('"kind"'), Raw('"k\\x69nd"')), self.pick("Pod", "ConfigMap", Raw("!!binary UG9k"))))
        if self.chance(0.2):
            self.random.shuffle(pairs)
        return Generator.Map(pairs)

    def item(self, depth):
        value = self.object(depth)
        if self.chance(0.3):
            value = Generator.Map([pair for pair in value if pair[0] not in ("kind", "apiVersion")])
        return value

    # Text

    def file(self):
        if self.chance(0.25):
            text = self.json_stream()
        else:
            text = self.stream()
        if self.rare(0.4):
            text = self.mutated(text)
        if self.chance(0.1):
            text = "\ufeff" + text
        if self.chance(0.1):
            text = text.replace("\n", "\r\n")
        return text

    def stream(self):
        parts = []
        for index in range(self.pick(1, 1, 2, 3)):
            self.anchors = []
            if index or self.chance(0.3):
                parts.append(self.pick("---\n", "---\n", "---\n", "--- # c\n", "---\t\n", "...\n---\n", "---\n---\n", "---\n# c\n---\n")
                             if not self.rare(0.3) else
                             self.pick("...\n", "---#c\n", "--- \u00a0\n", "---x\n", "%YAML 1.1\n---\n", "\u0085---\u0085", "\r---\r", "\u2028---\n", "--- !!map\n", "---\n\ufeff", " ---\n"))
            parts.append(self.text(self.object(), 0, self.chance(0.15)) + "\n")
        return "".join(parts)

    def json_stream(self):
        parts = []
        for _ in range(self.pick(1, 1, 2, 3)):
            parts.append(self.json(self.object()))
        glue = self.pick("\n---\n", ",\n", "\n# c\n") if self.rare(0.2) else self.pick("\n", "", " ", "\n\n")
        tail = self.pick("\n# c\n", "\n...\n", "null") if self.rare(0.2) else self.pick("", "\n")
        return self.pick("", " ", "\n\t", "\u00a0" if self.rare(0.2) else "") + glue.join(parts) + tail

    def json(self, value):
        space = self.pick("", "", " ", "\n", "\t")
        if isinstance(value, Generator.Map):
            return "{" + ("," + space).join(self.json_name(name) + space + ":" + space + self.json(item) for name, item in value) + "}"
        if isinstance(value, list):
            return "[" + ",".join(self.json(item) for item in value) + space + self.pick(*[""] * 30, ",") + "]"
        if isinstance(value, Raw):
            return self.pick("null", "1", "1.50", "1e3", "true", '"x\\/y"', '"\u0085\u2028"', '"\\ud83d\\ude00"', '"\\ud800"') if not value.startswith('"') else '"x"'
        return json.dumps(value, ensure_ascii=self.chance(0.5))

    def json_name(self, name):
        if isinstance(name, Raw):
            return self.pick('"<<"', '"1"', '"on"', '"im\\u0061ge"')
        if self.chance(0.02):
            return '"' + "".join(f"\\u{ord(each):04x}" for each in name) + '"'
        return json.dumps(name)

    def name(self, name):
        if isinstance(name, Raw):
            return str(name)
        if not self.rare(0.2):
            return self.pick(*[name] * 9, f'"{name}"', f"'{name}'")
        return self.pick(f'"{name}"', f"!!str {name}", f"! {name}", f"? {name}\n" if self.rare(0.2) else name)

    def scalar(self, value):
        if isinstance(value, Raw):
            return str(value)
        if value == "" or " " in value or self.chance(0.1):
            return self.pick(f'"{value}"', f"'{value}'")
        if self.rare(0.2):
            return self.pick(f"!!str {value}", f">-\n          {value}", f"|-\n          {value}", f'"{value[:3]}\\\n     {value[3:]}"',
                             "!!binary " + __import__("base64").b64encode(value.encode()).decode(), f"! {value}", f"{value} # c", f'"\\x{ord(value[0]):02x}{value[1:]}"')
        return value

    def text(self, value, indent, flow):
        """The value as text behind `name:` or `-`; block values begin with a line break."""
        if self.anchors and self.rare(0.15):
            return "*" + self.random.choice(self.anchors) + " "
        if self.rare(0.15):
            label = self.pick("a", "b", "c")
            if self.chance(0.1):
                self.anchors.append(label)
            text = f"&{label} " + self.node(value, indent, flow, True)
            self.anchors.append(label)
            return text
        return self.node(value, indent, flow, False)

    def node(self, value, indent, flow, has_anchor):
        flow = flow or self.chance(0.05)
        if isinstance(value, Generator.Map):
            pairs = self.with_merges(value, indent)
            if flow or not pairs:
                gap = self.pick(" ", " ", "\n" + " " * (indent + 1))
                return "{" + ("," + gap).join(f"{self.name(name)}: {self.text(item, indent, True)}" for name, item in pairs) + "}"
            lines = []
            for name, item in pairs:
                lines.append(" " * indent + self.name(name) + ":" + self.separated(item, indent + 2))
            return "\n" + "\n".join(lines) if indent or has_anchor else "\n".join(lines)
        if isinstance(value, list):
            if flow or not value:
                return "[" + ", ".join(self.text(item, indent, True) for item in value) + "]"
            dash = " " * max(0, indent - self.pick(0, 2 if indent else 0))
            return "\n" + "\n".join(dash + "-" + self.separated(item, len(dash) + 2) for item in value)
        return self.scalar(value)

    def separated(self, value, indent):
        text = self.text(value, indent, False)
        return text if text.startswith("\n") else self.pick(*[" "] * 20, "\t", "  ") + text

    def with_merges(self, pairs, indent):
        pairs = list(pairs)
        if not self.rare(0.25):
            return pairs
        names = [name for name, _ in pairs if not isinstance(name, Raw)]
        split = self.random.randrange(len(pairs) + 1)
        merged, kept = Generator.Map(pairs[:split]), pairs[split:]
        if self.chance(0.3):
            merged = Generator.Map([(self.pick("image", "containers", "kind", "items", "spec", *names), self.pick(self.image(), "Pod", [self.container()]))])
            kept = pairs
        value = self.pick(merged, merged, [merged], [merged, Generator.Map([("image", self.image())])],
                          Raw("*" + self.random.choice(self.anchors)) if self.anchors else merged, Raw("null") if self.rare(0.2) else merged)
        merge = (self.pick(Raw('"<<"'), Raw("!!merge <<"), Raw("!!str <<")) if self.rare(0.2) else Raw("<<"), value)
        kept.insert(self.pick(0, 0, 0, len(kept)), merge)
        return kept

    def mutated(self, text):
        tokens = ["---\n", "...\n", "\n", " ", "\t", "#", ": ", "- ", "&a ", "*a", "<<: ", "!!str ", "'", '"', "{", "}", "[", "]", ",", "?", "|", ">", "%", "@", "`",
                  "\r", "\u0085", "\u2028", "\ufeff", "\u00a0", "\\", "items: []\n", "kind: Pod\n", "\x7f", "\u0300", "\U0001f600", "=", "~"]
        for _ in range(self.pick(1, 1, 2, 4)):
            place = self.random.randrange(len(text) + 1)
            how = self.random.random()
            if how < 0.6:
                text = text[:place] + self.random.choice(tokens) + text[place:]
            elif how < 0.8:
                text = text[:place] + text[place + self.pick(1, 1, 2, 8):]
            else:
                lines = text.split("\n")
                line = self.random.randrange(len(lines))
                lines.insert(self.random.randrange(len(lines)), lines[line]) if self.chance(0.5) else lines.pop(line)
                text = "\n".join(lines)
        return text


def walk(value, pointer=""):
    """Every text in a value, with its pointer."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, pointer + "/" + name.replace("~", "~0").replace("/", "~1"))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{pointer}/{index}")
    elif isinstance(value, str):
        yield pointer, value


def names_of(thing):
    meta = thing.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    return thing.get("kind"), str(meta.get("namespace") or "default"), str(meta.get("name") or "")


def is_judged(kind, version, pointer):
    """Whether a place of a workload is one that runs an image."""
    path = POD_SPECS.get(kind)
    if path is None or version not in ("v1", "apps/v1", "batch/v1") and kind != "Job":
        return False
    return re.fullmatch(
        re.escape(path) + r"/((initContainers|containers|ephemeralContainers)/\d+/image|volumes/\d+/image/reference)", pointer) is not None


def kubectl(environment, target):
    return subprocess.run(
        ["kubectl", "create", "--dry-run=client", "--validate=false", "-o", "json", "-f", target],
        env=environment, capture_output=True, check=False)


def objects(output):
    text, decoder, place = output.decode(), json.JSONDecoder(), 0
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        value, place = decoder.raw_decode(text, place)
        yield value


def posted_by_kubectl(environment, target):
    """What kubectl would post, by the number of the file that its images name."""
    posted = {}
    for thing in objects(kubectl(environment, target).stdout):
        kind, namespace, name = names_of(thing)
        if kind in ("ConfigMap", "Secret", "Service"):
            continue
        for pointer, text in walk({key: item for key, item in thing.items() if key not in ("metadata", "status")}):
            found = IMAGE.match(text)
            if found and re.search(r"/image(/reference)?$", pointer):
                judged = is_judged(kind, thing.get("apiVersion"), pointer)
                if not judged and thing.get("apiVersion") in ("v1", "apps/v1", "batch/v1") and kind in POD_SPECS:
                    continue
                where = (kind, namespace, name, pointer, text) if judged else (kind, name)
                posted.setdefault(int(found[1]), set()).add(where)
    return posted


def compare(assay, folder, environment, policy):
    """(files, refused files, images both found); ends the program at a difference."""
    posted = posted_by_kubectl(environment, folder)
    run = subprocess.run([assay, "policy", "apply", policy, "--resource", folder, "--output", "json"], capture_output=True, check=False)
    try:
        report = json.loads(run.stdout)
    except ValueError:
        sys.exit(f"assay printed no report: {run.stderr.decode()[:2000]}")
    refused = {int(each) for failure in report["failures"] for each in re.findall(r"/f(\d+)\.", failure)}
    seen = {}
    for decision in report["decisions"]:
        request, image = decision["request"], decision["image"]
        number = int(re.search(r"/f(\d+)\.", request["file"])[1])
        seen.setdefault(number, set()).add((request["kind"], request["namespace"], request["name"], image["pointer"], image["asWritten"]))
    for other in report["notEvaluated"]:
        number = int(re.search(r"/f(\d+)\.", other["file"])[1])
        seen.setdefault(number, set()).add((other["kind"], other["name"]))
    files = sorted(os.listdir(folder))
    for file in files:
        number = int(re.search(r"f(\d+)\.", file)[1])
        if number in refused:
            continue
        missed = posted.get(number, set()) - seen.get(number, set())
        # A mutation may write the number of another file.
        if missed and missed & posted_by_kubectl(environment, f"{folder}/{file}").get(number, set()):
            sys.exit(f"WRONG {folder}/{file}: kubectl posts what Assay does not see: {sorted(missed)}")
        # A list that is a Pod too is named with the fields that kubectl does not post.
        extra = {each for each in seen.get(number, set()) - posted.get(number, set()) if len(each) == 5 and IMAGE.match(each[4])}
        if extra and kubectl(environment, f"{folder}/{file}").returncode == 0:
            sys.exit(f"WRONG {folder}/{file}: Assay sees what kubectl does not post: {sorted(extra)}")
    return len(files), len(refused), sum(len(each) for each in seen.values())


def kubectl_environment(work):
    """Starts the stand-in; the environment of a kubectl that asks it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.makedirs(work, exist_ok=True)
    with open(f"{work}/config", "w") as file:
        json.dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {}}]}, file)
    return {**os.environ, "KUBECONFIG": f"{work}/config", "HOME": work}


def main():
    assay, work, first, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    size = int(sys.argv[5]) if len(sys.argv) > 5 else 100
    environment = kubectl_environment(work)
    files = refused = images = 0
    for seed in range(first, first + seeds):
        folder = f"{work}/{seed}"
        os.makedirs(folder)
        for number in range(size):
            generator = Generator(seed, number)
            text = generator.file()
            with open(f"{folder}/f{number}.{generator.pick('yaml', 'yml', 'json')}", "wb") as file:
                file.write(text.encode())
        result = compare(assay, folder, environment, f"{work}/../policy.yaml")
        files, refused, images = files + result[0], refused + result[1], images + result[2]
        shutil.rmtree(folder)
    print(f"{files} files of seeds {first} to {first + seeds - 1}: {refused} refused, {images} images and resources found by both")
    if not images or refused == files:
        sys.exit("the generator makes nothing that both read")


if __name__ == "__main__":
    main()
