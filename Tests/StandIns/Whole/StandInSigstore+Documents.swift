// SPDX-License-Identifier: Apache-2.0
// The documents by which clients find and trust an instance.
// Spec: sigstore_trustroot.proto; sigstore_clienttrustconfig (same file).

package import Primitives
internal import Signing

extension StandInSigstore {
    /// trusted_root.json.
    ///
    /// Deviation: the proto says that 0.2 must be written; the most used clients read 0.1 only.
    package func trustedRoot() -> JSONValue {
        let validity = plan.validity
        let logValidity = ValidityPeriod(start: validity.start, end: nil)
        return [
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log(rekor1.baseURL, rekor1.key, rekor1.identifier, logValidity),
                log(rekor2.baseURL, rekor2.key, rekor2.identifier, logValidity),
            ],
            "certificateAuthorities": [
                authority(
                    certificateAuthority.name, plan.addresses.fulcio, certificateAuthority.chain,
                    plan.authorityValidity ?? validity)
            ],
            "ctlogs": [
                log(
                    certificateLog.baseURL, certificateLog.key, certificateLog.identifier, validity)
            ],
            "timestampAuthorities": [
                authority(
                    timestampAuthority.authority.name, timestampAuthority.url,
                    timestampAuthority.chain, plan.timestampValidity ?? validity)
            ],
        ]
    }

    /// signing_config.v0.2.json, with the logs of the versions named.
    package func signingConfig(rekorVersions: [Int] = [1, 2]) -> JSONValue {
        let addresses = plan.addresses
        let logs = [
            (1, service(addresses.rekor1, version: 1)), (2, service(addresses.rekor2, version: 2)),
        ]
        return [
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(addresses.fulcio, version: 1)],
            "oidcUrls": [service(addresses.issuer, version: 1)],
            "rekorTlogUrls": .array(
                logs.filter { rekorVersions.contains($0.0) }.map(\.1)),
            "rekorTlogConfig": ["selector": "ANY"],
            "tsaUrls": [service(addresses.timestampAuthority, version: 1)],
            "tsaConfig": ["selector": "ANY"],
        ]
    }

    /// Both in one file, as sigstore-python's --trust-config reads it.
    package func clientTrustConfig(rekorVersions: [Int] = [1, 2]) -> JSONValue {
        [
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": trustedRoot(),
            "signingConfig": signingConfig(rekorVersions: rekorVersions),
        ]
    }

    private func log(
        _ baseURL: String, _ key: StandInKey, _ identifier: [UInt8], _ validity: ValidityPeriod
    ) -> JSONValue {
        [
            "baseUrl": .string(baseURL), "hashAlgorithm": "SHA2_256",
            "publicKey": [
                "rawBytes": .base64(key.publicDER), "keyDetails": .string(key.details),
                "validFor": period(validity),
            ],
            "logId": ["keyId": .base64(identifier)],
        ]
    }

    private func authority(
        _ name: DistinguishedNameDraft, _ url: String, _ chain: [[UInt8]],
        _ validity: ValidityPeriod
    ) -> JSONValue {
        [
            "subject": [
                "organization": .string(name.organization ?? ""),
                "commonName": .string(name.commonName ?? ""),
            ],
            "uri": .string(url),
            "certChain": ["certificates": .array(chain.map { ["rawBytes": .base64($0)] })],
            "validFor": period(validity),
        ]
    }

    private func service(_ url: String, version: Int) -> JSONValue {
        [
            "url": .string(url), "majorApiVersion": .number(version),
            "validFor": ["start": .string(plan.validity.start.description)],
            "operator": "stand-in.example",
        ]
    }

    private func period(_ period: ValidityPeriod) -> JSONValue {
        var object: JSONObject = ["start": .string(period.start.description)]
        if let end = period.end { object["end"] = .string(end.description) }
        return .object(object)
    }
}
