# SPDX-License-Identifier: Apache-2.0
"""Namespaces and Pods generated from a seed, read by kubectl and by Assay.

Where Assay knows the labels of a Pod's namespace, kubectl must have posted a Namespace with these
labels before the Pod. Where the labels are unknown, nothing is compared.

usage: namespaces.py ASSAY FOLDER FIRST_SEED SEEDS [FILES_PER_SEED]
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys

from manifests import kubectl, kubectl_environment, names_of, objects

POLICY = """apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: select}
spec:
  rules:
    - name: is-VALUE
      match: {any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {check: 'VALUE'}}}}]}
      verifyImages:
        - imageReferences: ["127.0.0.1:1/*"]
          attestors:
            - entries:
                - keys:
                    rekor: {ignoreTlog: true}
                    publicKeys: |-
                      -----BEGIN PUBLIC KEY-----
                      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8nXRh950IZbRj8Ra/N9sbqOPZrfM
                      5/KAQN0/KjHcorm/J5yctVd7iEcnessRQjU917hmKO6JWVGHpDguIyakZA==
                      -----END PUBLIC KEY-----
"""
VALUES = ["yes", "no"]


class Generator:
    """The files of one namespace: its Namespaces, a Pod, and what may keep kubectl from reading them."""

    def __init__(self, seed, number):
        self.random = random.Random(f"{seed}/{number}")
        self.name = f"f{number}"

    def pick(self, *values):
        return self.random.choice(values)

    def chance(self, part):
        return self.random.random() < part

    def namespace(self):
        meta = {"name": self.name, "labels": {"check": self.pick(*VALUES)}}
        if self.chance(0.1):
            meta["annotations"] = self.pick({"a": "b"}, {"config.kubernetes.io/local-config": "true"})
        value = {"apiVersion": self.pick(*["v1"] * 8, "/v1", "v2", "apps/v1", ""),
                 "kind": self.pick(*["Namespace"] * 12, "namespace", "NamespaceList", ""), "metadata": meta}
        if self.chance(0.05):
            value["items"] = self.pick([], None, {})
        return value

    def pod(self):
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{self.random.randrange(10**6)}", "namespace": self.name},
                "spec": {"containers": [{"name": "c", "image": f"127.0.0.1:1/{self.name}/i:1"}]}}

    def other(self):
        return self.pick(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}, {"apiVersion": "v1", "kind": "Foo", "metadata": {"name": "c"}},
            {"apiVersion": "v1", "kind": "ConfigMap"}, {"apiVersion": "v1", "kind": "List", "items": []}, {"apiVersion": "v1", "kind": "Pod", "metadata": {}})

    def list(self, items):
        value = {"apiVersion": self.pick(*["v1"] * 5, "apps/v1", "unknown.io/v1", "/v1", "v2"),
                 "kind": self.pick("List", "List", "List", "NamespaceList", "PodList", "FooList", "DeploymentList", "Namespace", "list", "Foo")}
        if self.chance(0.3):
            value["metadata"] = self.pick({}, {"resourceVersion": ""}, {"resourceVersion": 5}, {"resourceVersion": "5"}, {"name": "x"},
                                          {"labels": {"a": 1}}, 5, None, {"selfLink": "", "resourceVersion": ""}, {"continue": 5})
        if self.chance(0.1):
            value["spec"] = {}
        for item in items:
            if self.chance(0.1):
                item = dict(item)
                del item["kind"], item["apiVersion"]
            value.setdefault("items", []).append(item)
        if self.chance(0.08):
            value["items"].insert(self.pick(0, len(value["items"])), self.pick(
                {"apiVersion": "v1", "kind": "List", "items": []}, {"apiVersion": "v1", "kind": "PodList", "items": None}, {}, 5, None))
        return value

    def stream(self):
        parts = [self.namespace() for _ in range(self.pick(0, 1, 1, 1, 2))] + [self.pod() for _ in range(self.pick(1, 1, 2))]
        if self.chance(0.3):
            parts.append(self.other())
        if self.chance(0.4):
            self.random.shuffle(parts)
        if self.chance(0.5):
            start = self.random.randrange(len(parts))
            end = self.random.randrange(start, len(parts)) + 1
            listed = self.list(parts[start:end])
            parts[start:end] = [self.list([listed]) if self.chance(0.1) else listed]
        return parts

    def text(self, parts):
        style = self.pick("block", "block", "json", "flow", "mixed")
        if style == "json":
            return self.pick("\n", "", "\n---\n", "\n# c\n").join(json.dumps(each) for each in parts) + "\n"
        texts = []
        for each in parts:
            form = self.pick("block", "flow", "json") if style == "mixed" else style
            text = json.dumps(each)
            if form == "flow":
                text = re.sub(r'"(\w+)":', r"\1:", text)
            elif form == "block":
                text = "\n".join(f"{name}: {json.dumps(value)}" for name, value in each.items())
            texts.append(text)
        head = self.pick("", "", "---\n", "# c\n", " ", "\ufeff", "\n")
        return head + self.pick("\n---\n", "\n---\n", "\n--- # c\n", "\n...\n---\n").join(texts) + "\n"

    def files(self):
        """Texts by name. kubectl reads the files of a folder in the order of their names."""
        count = self.pick(1, 1, 2)
        return {f"{self.name}-{index}.{self.pick('yaml', 'yml', 'json')}": self.text(self.stream()) for index in range(count)}


def posted_labels(environment, target):
    """The label of its namespace, for each Pod that kubectl posts behind a Namespace of this name."""
    labels, found = {}, {}
    for thing in objects(kubectl(environment, target).stdout):
        kind, namespace, name = names_of(thing)
        if kind == "Namespace" and thing.get("apiVersion") in ("v1", "/v1"):
            # The first one creates it; a later one that differs may change it.
            label = ((thing.get("metadata") or {}).get("labels") or {}).get("check")
            labels[name] = label if labels.get(name, label) == label else "changed"
        elif kind == "Pod":
            found[(namespace, name)] = labels.get(namespace)
    return found


def known_labels(assay, folder, policies):
    """The label that Assay takes for known, for each Pod that is judged by it.

    Left out are those of namespaces in a file that Assay refuses: the command fails by that file.
    """
    found = {}
    for value, policy in policies.items():
        run = subprocess.run([assay, "policy", "apply", policy, "--resource", folder, "--output", "json"], capture_output=True, check=False)
        try:
            report = json.loads(run.stdout)
        except ValueError:
            sys.exit(f"assay printed no report: {run.stderr.decode()[:2000]}")
        refused = {each for failure in report["failures"] for each in re.findall(r"/(f\d+)-", failure)}
        for decision in report["decisions"]:
            request = decision["request"]
            if request["namespace"] in refused:
                continue
            pod = (request["namespace"], request["name"])
            if "namespaceSelector" in json.dumps(decision) or decision["result"] == "unmatched":
                continue
            found[pod] = value
    return found


def compare(assay, folder, environment, policies):
    known = known_labels(assay, folder, policies)
    posted = posted_labels(environment, folder)
    for pod, label in known.items():
        if posted.get(pod, label) != label:
            sys.exit(f"WRONG {folder}: Assay takes check={label} for the label of {pod}, kubectl posts {posted[pod]}")
    return len(posted), len(known)


def main():
    assay, work, first, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    size = int(sys.argv[5]) if len(sys.argv) > 5 else 60
    environment = kubectl_environment(work)
    policies = {value: f"{work}/{value}.yaml" for value in VALUES}
    for value, path in policies.items():
        with open(path, "w") as file:
            file.write(POLICY.replace("VALUE", value))
    posted = known = 0
    for seed in range(first, first + seeds):
        folder = f"{work}/{seed}"
        os.makedirs(folder)
        for number in range(size):
            for name, text in Generator(seed, number).files().items():
                with open(f"{folder}/{name}", "w") as file:
                    file.write(text)
        result = compare(assay, folder, environment, policies)
        posted, known = posted + result[0], known + result[1]
        shutil.rmtree(folder)
    print(f"{posted} Pods of seeds {first} to {first + seeds - 1}; the labels of {known} are known, and kubectl posts the same")
    if not known:
        sys.exit("the generator makes nothing that both read")


if __name__ == "__main__":
    main()
