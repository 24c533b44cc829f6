// SPDX-License-Identifier: Apache-2.0
// From attestors as a policy writes them to requirements: duplicates removed, counts checked.
// Spec: docs/kyverno.md, "Attestors", "Refused policies".

internal import Keys
import Primitives
import Signing

/// Turns declarations into requirements. All attestors of a rule are counted against one limit.
struct AttestorCompiler {
    /// Only to check what policies require of stored keys; the requirement names them, and the keys
    /// are a fact of the evaluation.
    let material: KeyMaterial
    let context: [String: StoredKeyName]
    private var attestorsLeft = Limits.attestorsPerRule
    /// What is legal and probably not meant, once for each place.
    private(set) var warnings: [PolicyWarning] = []

    init(material: KeyMaterial, context: [String: StoredKeyName]) {
        self.material = material
        self.context = context
    }

    /// The requirement of a list of attestor sets: each set must be met.
    ///
    /// - Parameters:
    ///   - id: the name of what holds the list, in messages.
    ///   - pointer: the place of what holds the list, in the policy's file.
    mutating func requirements(
        _ declarations: [AttestorSetDeclaration], of subject: EvidenceSubject, id: String,
        pointer: String
    ) throws(Failure) -> [Requirement] {
        var sets: [Requirement] = []
        for (index, declaration) in declarations.enumerated() {
            let place = AttestorPlace(
                subject: subject, root: id, path: "attestors[\(index)]",
                pointer: "\(pointer)/attestors/\(index)")
            sets.append(.attestors(try set(declaration, at: place).requirement))
        }
        return sets
    }

    private mutating func set(
        _ declaration: AttestorSetDeclaration, at place: AttestorPlace
    ) throws(Failure) -> (requirement: AttestorSet, signers: SignerCount) {
        var members: [Requirement] = []
        var signers = SignerCount()
        for (index, entry) in declaration.entries.enumerated() {
            members += try expanded(entry, at: place.entry(index), &signers)
        }
        if let count = declaration.count, !signers.isOpen, count > signers.possible {
            throw Failure(
                .malformed, "cannot use the policy", at: declaration.place,
                because:
                    "the count is \(count), and there are \(signers.possible) different entries")
        }
        let requirement = AttestorSet(
            id: "\(place.root).\(place.path)", count: declaration.count, subject: place.subject,
            members: members)
        return (requirement, signers)
    }

    /// Each PEM block of `publicKeys` becomes an attestor of its own.
    ///
    /// Spec: docs/kyverno.md, "Attestors".
    private mutating func expanded(
        _ entry: AttestorDeclaration, at place: AttestorPlace, _ signers: inout SignerCount
    ) throws(Failure) -> [Requirement] {
        switch entry.trust {
        case .keyless(let keyless):
            warnings = (warnings + keyless.warnings).inOrderOnce
            let query = SignerQuery(.certificates([keyless.identity]), keyless.trust)
            try spend(1, at: entry.place)
            signers.add(query, entry.annotations)
            return [
                .attestor(place.field("keyless").attestor(.signer(query), entry.annotations))
            ]
        case .nested(let inner):
            try spend(1, at: entry.place)
            let (requirement, nested) = try set(inner, at: place.field("attestor"))
            signers.add(nested)
            return [.attestors(requirement)]
        case .keys(.inline(let keys), let trust):
            try spend(keys.count, at: entry.place)
            let queries = queries(keys, trust, of: entry)
            for query in queries { signers.add(query, entry.annotations) }
            let base = place.field("keys")
            return queries.enumerated().map { index, query in
                let here = keys.count > 1 ? base.item(index) : base
                return .attestor(here.attestor(.signer(query), entry.annotations))
            }
        case .keys(.stored(let name), let trust):
            let key = StoredKey(kind: .secretOrConfigMap, object: name, entry: "cosign.pub")
            return [try stored(key, trust, of: entry, at: place, &signers)]
        case .keys(.context(let label, let item), let trust):
            guard let name = context[label] else {
                throw Failure(
                    .malformed, "cannot use the policy", at: entry.place,
                    because: "the rule's context has no entry \(quoted(label))")
            }
            let key = StoredKey(kind: .configMap, object: name, entry: item)
            return [try stored(key, trust, of: entry, at: place, &signers)]
        }
    }

    private func queries(
        _ keys: [PublicKey], _ trust: TrustDeclaration, of entry: AttestorDeclaration
    ) -> [SignerQuery] {
        keys.map { SignerQuery(.keys([TrustedKey(key: $0, hash: entry.signatureHash)]), trust) }
    }

    /// The keys themselves are read when the policy is evaluated. If they are here already, what
    /// cannot be used is refused with the policy.
    private mutating func stored(
        _ key: StoredKey, _ trust: TrustDeclaration, of entry: AttestorDeclaration,
        at place: AttestorPlace, _ signers: inout SignerCount
    ) throws(Failure) -> Requirement {
        do throws(Failure) {
            switch try material.keys(of: key) {
            case .found(let keys):
                try spend(keys.count, at: entry.place)
                for query in queries(keys, trust, of: entry) {
                    signers.add(query, entry.annotations)
                }
            case .missing:
                try spend(1, at: entry.place)
                signers.isOpen = true
            }
        } catch {
            var failure = error
            failure.place = entry.place
            throw failure
        }
        return .attestor(
            place.field("keys").attestor(
                .stored(key, hash: entry.signatureHash, trust), entry.annotations))
    }

    private mutating func spend(_ count: Int, at place: Place) throws(Failure) {
        attestorsLeft -= count
        guard attestorsLeft >= 0 else {
            throw Failure(
                .overLimit, "cannot use the policy", at: place,
                because: "a rule has at most \(Limits.attestorsPerRule) attestors")
        }
    }
}

/// A place in the policy, in the two spellings that are needed, and what is required there.
private struct AttestorPlace {
    let subject: EvidenceSubject
    let root: String
    let path: String
    let pointer: String

    func entry(_ index: Int) -> AttestorPlace {
        AttestorPlace(
            subject: subject, root: root, path: "\(path).entries[\(index)]",
            pointer: "\(pointer)/entries/\(index)")
    }

    func field(_ name: String) -> AttestorPlace {
        AttestorPlace(
            subject: subject, root: root, path: "\(path).\(name)", pointer: "\(pointer)/\(name)")
    }

    /// One key of several under the same field.
    func item(_ index: Int) -> AttestorPlace {
        AttestorPlace(
            subject: subject, root: root, path: "\(path)[\(index)]", pointer: pointer)
    }

    func attestor(_ source: Attestor.Source, _ annotations: ByteStringMap<String>) -> Attestor {
        Attestor(
            source: source, subject: subject, root: root, path: path, pointer: pointer,
            annotations: annotations)
    }
}

/// How many different signers a set can have, as far as a policy says.
struct SignerCount {
    /// Those of nested sets too.
    private var signers: Set<TrustedSigner> = []
    /// Different attestors of the set itself.
    private var attestors: Set<AttestorRequirement> = []
    private var nestedSets = 0
    /// Whether one of them is a pattern that different identities may match.
    private var hasPattern = false
    /// Whether the number is not known: keys were not given.
    var isOpen = false

    mutating func add(_ query: SignerQuery, _ annotations: ByteStringMap<String>) {
        attestors.insert(AttestorRequirement(source: .signer(query), annotations: annotations))
        signers.insert(query.signer.withAnyHash)
        hasPattern = hasPattern || query.signer.isPattern
    }

    mutating func add(_ nested: SignerCount) {
        nestedSets += 1
        signers.formUnion(nested.signers)
        hasPattern = hasPattern || nested.hasPattern
        isOpen = isOpen || nested.isOpen
    }

    /// Several people may match one pattern; each attestor still brings one of them.
    var possible: Int {
        let members = attestors.count + nestedSets
        return hasPattern ? members : min(members, signers.count)
    }
}

extension TrustedSigner {
    /// The same signer, whatever hash is required of it: one key stays one signer.
    fileprivate var withAnyHash: TrustedSigner {
        switch self {
        case .keys(let keys): .keys(keys.map { $0.signing(with: nil) })
        case .certificates: self
        }
    }

    /// Whether different signers may match it.
    fileprivate var isPattern: Bool {
        guard case .certificates(let identities) = self else { return false }
        return identities.contains { identity in
            !identity.subjects.contains(where: \.isOneText)
                || !identity.issuers.contains(where: \.isOneText)
        }
    }
}

extension IdentityPattern {
    fileprivate var isOneText: Bool {
        switch self {
        case .exact: true
        case .wildcard(let pattern): !pattern.isPattern
        case .expression, .unanchored: false
        }
    }
}
