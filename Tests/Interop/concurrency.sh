# Many at once: signers lose nothing of each other in either format, with and without the referrers API; one
# of several key makers wins and its two files fit; runs that share a tag memory keep each other's tags.
. "$ASSAY_ROOT/Tests/Interop/story.sh"
needs jq
mkdir root && echo hello >root/file
assay generate-key-pair 2>/dev/null
embedded; WITH=$EMBEDDED
embedded --no-referrers-api; WITHOUT=$EMBEDDED

for registry in "$WITH" "$WITHOUT"; do
  for format in bundle legacy; do
    say "eight signers, $format, $registry"
    image=$registry/many/$format:1
    image=$(assay push root "$image" 2>/dev/null)
    signers=()
    for n in 1 2 3 4 5 6 7 8; do
      assay sign --key cosign.key --format $format -a n=$n "$image" >"signed.$n" 2>&1 & signers+=($!)
    done
    for signer in "${signers[@]}"; do wait "$signer" || fail "a signer gave up: $(cat signed.*)"; done
    for n in 1 2 3 4 5 6 7 8; do
      assay verify --key cosign.pub -a n=$n "$image" >/dev/null 2>&1 || fail "signature $n is lost ($format, $registry)"
    done
  done
done

say "eight key makers with one name"
makers=(); won=0
for n in 1 2 3 4 5 6 7 8; do assay generate-key-pair --output-key-prefix race 2>/dev/null & makers+=($!); done
for maker in "${makers[@]}"; do if wait "$maker"; then won=$((won + 1)); fi; done
same "$won" 1 "makers that were told yes"
assay public-key --key race.key | cmp - race.pub

say "eight runs with one tag memory"
cat >policy.yaml <<YAML
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: signed}
spec:
  rules:
    - name: signed
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["*"]
          mutateDigest: false
          verifyDigest: false
          attestors:
            - entries:
                - keys:
                    publicKeys: |
$(sed 's/^/                      /' cosign.pub)
                    rekor: {ignoreTlog: true}
                    ctlog: {ignoreSCT: true}
YAML
runs=()
for n in 1 2 3 4 5 6 7 8; do
  assay copy "$WITH/many/bundle:1" "$WITH/many/memory:$n" >/dev/null 2>&1
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: %s}]}\n' "$WITH/many/memory:$n" >"pod$n.yaml"
done
for n in 1 2 3 4 5 6 7 8; do
  assay policy apply policy.yaml -r "pod$n.yaml" --tag-memory tags.json >"run.$n" 2>&1 & runs+=($!)
done
for run in "${runs[@]}"; do wait "$run" || fail "a run failed: $(cat run.*)"; done
same "$(jq '.tags | length' tags.json)" 8 "tags remembered"
