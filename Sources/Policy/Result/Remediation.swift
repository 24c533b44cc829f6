// SPDX-License-Identifier: Apache-2.0
// The commands and edits that make a verdict pass.
// Spec: docs/exit-codes-and-reasons.md, "Reason codes".

import OCI
import Primitives
import Signing

/// The shortest list of commands and edits that turns a verdict green.
package struct Remediation: Hashable, Sendable {
    /// One thing to do.
    package enum Step: Hashable, Sendable {
        /// A command, word by word.
        case command([String])
        /// A change of one value; `file` is nil when only the object is known, `from` when nothing
        /// stands there yet.
        case edit(file: String?, pointer: String, from: String?, to: String)
    }

    package let summary: String
    /// Empty when nothing but waiting, or asking somebody, helps.
    package let steps: [Step]
}

extension Remediation.Step: CustomStringConvertible {
    /// The command as a shell takes it, or the edit in one line.
    package var description: String {
        switch self {
        case .command(let words): words.map(shellWord).joined(separator: " ")
        case .edit(let file, let pointer, let from?, let to):
            "edit: \(file.map { "\($0) " } ?? "")\(pointer): set \(plain(from)) to \(plain(to))"
        case .edit(let file, let pointer, nil, let to):
            "edit: \(file.map { "\($0) " } ?? "")\(pointer): set to \(plain(to))"
        }
    }
}

/// Names that remedies are filled in with.
struct RemediationContext: Sendable {
    private let image: ImageUse
    private let name: PolicyImageName?
    private let digest: Digest?
    /// The file of the resource.
    private let file: String?
    /// The file of the policy.
    private let policy: String?

    init(image: Decision.Image, file: String?, policy: String?) {
        self.image = image.use
        name = try? PolicyImageName(parsing: image.use.written)
        digest = image.digest
        self.file = file
        self.policy = policy
    }

    func remediation(_ fixes: [RemediationAction]) -> Remediation? {
        guard !fixes.isEmpty else { return nil }
        // Where a digest must be written anyway, writing the known one is the whole mend.
        let known = fixes.lazy.compactMap {
            if case .useDigest(let digest, _) = $0 { digest } else { nil }
        }
        let mustPin = fixes.contains { if case .writeDigest = $0 { true } else { false } }
        if mustPin, let digest = known.first {
            return Remediation(
                summary: "the tag has moved; name the digest that was signed",
                steps: [editImage(to: name?.repositoryPinned(to: digest) ?? "\(digest)")])
        }
        return Remediation(
            summary: fixes.map(summary).inOrderOnce.joined(separator: "; "),
            steps: fixes.flatMap(steps).inOrderOnce)
    }

    private func summary(_ fix: RemediationAction) -> String {
        switch fix {
        case .sign(.key):
            "if CI built this digest, sign it there; if not, go back to a digest that verifies, and "
                + "do not sign what nobody has looked at"
        case .sign(.identity(let identity)):
            "if CI built this digest, sign it there as \(identity); if not, go back to a digest that "
                + "verifies, and do not sign what nobody has looked at"
        case .attest(let type, .key): "attest \(type) with the key the policy names"
        case .attest(let type, .identity(let identity)):
            "attest \(type) where the image is built, as \(identity)"
        case .correct(let type, _, _, _):
            "every statement of type \(type) must meet the conditions; use a build that does"
        case .writeDigest: "write the digest beside the tag"
        case .useDigest: "the tag has moved; put it back on the digest that was signed"
        case .copyEvidence: "copy the image again with its evidence"
        case .fixRegistry(let obstacle): registrySummary(obstacle)
        case .nameTheTrust(_, let why): why
        case .giveKey(_, let why): "\(why): give its file with --key-material, or write the key out"
        case .nameSigners: "name attestors: nothing can verify an image without them"
        case .correctImageName: "correct the image's name"
        case .coverImage: "no rule matches this image; add it to a rule's imageReferences"
        case .fixPolicy(let why): why
        }
    }

    private func registrySummary(_ obstacle: Failure) -> String {
        switch obstacle.lookupReason {
        case .registryDenied: "log in to \(host)"
        case .rateLimited: "wait, or log in to \(host) for a higher limit"
        case .registryUnavailable where obstacle.kind == .notFound:
            "the registry answered and has no such image; push it, or correct its name"
        default: obstacle.next ?? "run it again when \(host) answers"
        }
    }

    private func steps(_ fix: RemediationAction) -> [Remediation.Step] {
        switch fix {
        case .sign(let signer):
            return pinned.map { [.command(["assay", "sign"] + signer.options + [$0])] } ?? []
        case .attest(let type, let signer): return attest(type, by: signer)
        case .correct(let type, let place, let observed, let expected):
            // Kyverno holds every statement to the conditions, so another one beside this one
            // would not help: the digest keeps what was said about it.
            return [
                editImage(
                    to: "a build whose statement of type \(type) has \(expected) at \(place), "
                        + "not \(observed ?? "nothing")")
            ]
        case .writeDigest(let digest):
            return [editImage(to: "\(image.written)@\(digest)")]
        case .useDigest(let digest, let repository):
            return [.command(["assay", "copy", "\(repository)@\(digest)", destination])]
        case .copyEvidence(let origin, let digest):
            return [.command(["assay", "copy", "\(origin)@\(digest)", destination])]
        case .fixRegistry(let obstacle):
            let helps = [.registryDenied, .rateLimited].contains(obstacle.lookupReason)
            return helps ? [.command(["docker", "login", host])] : []
        case .correctImageName: return [editImage(to: "a name such as ghcr.io/acme/api:1.0")]
        default: return policySteps(fix)
        }
    }

    private func policySteps(_ fix: RemediationAction) -> [Remediation.Step] {
        switch fix {
        case .nameTheTrust(let pointer?, _):
            return [editPolicy("\(pointer)/rekor/ignoreTlog", to: "true")]
        case .giveKey(let pointer, _):
            return [editPolicy("\(pointer)/publicKeys", to: "the PEM text of the public key")]
        case .nameSigners(let pointer):
            return [
                editPolicy("\(pointer)/attestors", to: "[{entries: [{keys: {publicKeys: …}}]}]")
            ]
        case .coverImage(let policy, let pointer):
            guard let pointer, let name else { return [] }
            return [
                .edit(
                    file: policy, pointer: "\(pointer)/imageReferences/-", from: nil,
                    to: "\(name.name.repository):*")
            ]
        default: return []
        }
    }

    private func attest(_ type: PredicateType, by signer: RemediationSigner) -> [Remediation.Step] {
        guard let pinned else { return [] }
        let about = [
            "--type", type.shortName ?? type.description, "--predicate", predicateFile, pinned,
        ]
        return [.command(["assay", "attest"] + signer.options + about)]
    }

    private func editImage(to text: String) -> Remediation.Step {
        .edit(file: file, pointer: image.pointer, from: image.written, to: text)
    }

    private func editPolicy(_ pointer: String, to text: String) -> Remediation.Step {
        .edit(file: policy, pointer: pointer, from: nil, to: text)
    }

    private var pinned: String? {
        guard let name, let digest else { return nil }
        return name.name.pinned(to: digest).description
    }

    private var destination: String {
        guard let name = name?.name else { return image.written }
        return name.tag.map { "\(name.repository):\($0)" } ?? pinned ?? image.written
    }

    private var host: String { name?.name.repository.registry.description ?? "the registry" }
}

private func shellWord(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
        $0.isASCII
            && ($0.properties.isAlphabetic || "0123456789@%+=:,./_-".unicodeScalars.contains($0))
    }
    guard !isPlain || word.isEmpty else { return word }
    let parts = word.utf8.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: #"'\''"#) + "'"
}

extension RemediationSigner {
    /// An identity comes with the job that signs, not from a file.
    fileprivate var options: [String] {
        switch self {
        case .key: ["--key", keyFile]
        case .identity: []
        }
    }
}

/// The file `assay generate-key-pair` writes.
private let keyFile = "cosign.key"
private let predicateFile = "predicate.json"
