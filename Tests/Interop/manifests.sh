# Manifests made from seeds: kubectl and Assay find the same images, or Assay refuses the file.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs kubectl python3
cat >policy.yaml <<'YAML'
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: none}
spec:
  rules:
    - name: none
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["nothing.invalid/*"]
          attestors:
            - entries:
                - keys:
                    rekor: {ignoreTlog: true}
                    publicKeys: |-
                      -----BEGIN PUBLIC KEY-----
                      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8nXRh950IZbRj8Ra/N9sbqOPZrfM
                      5/KAQN0/KjHcorm/J5yctVd7iEcnessRQjU917hmKO6JWVGHpDguIyakZA==
                      -----END PUBLIC KEY-----
YAML
say "the seeds of the suite; more: MANIFEST_SEEDS=\"1000 500\""
read -r first seeds <<<"${MANIFEST_SEEDS:-1 8}"
python3 "$ASSAY_ROOT/Tests/Interop/manifests.py" "$ASSAY" "$PWD/work" "$first" "$seeds" 100
