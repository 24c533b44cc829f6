// SPDX-License-Identifier: Apache-2.0
// Attestors ready to evaluate: keys resolved, duplicates removed, counts checked.
// Spec: docs/kyverno.md, "Attestors", "Refused policies".

internal import Keys
import Primitives
import Signing

/// How many of which attestors must have signed.
///
/// Without a count every attestor must be met: one key may meet several that ask for different
/// things. With a count, that many must be met by as many different signers
/// (`DemandFinding.atLeast(_:bySignersOf:id:remedy:)`).
struct AttestorSet: Sendable {
    /// `attestors[0]`, as Kyverno writes it in messages.
    let path: String
    let required: Int
    /// Whether the policy writes a count.
    let needsDifferentSigners: Bool
    let attestors: [Attestor]
}

/// One way to trust, and where the policy says so.
struct Attestor: Sendable {
    enum Demand: Sendable {
        case signer(TrustedSigner, TrustDeclaration)
        /// A key that was not given; neither met nor refused.
        case missingKey(String)
        indirect case set(AttestorSet)
    }

    /// `attestors[0].entries[1].keys`, as Kyverno writes it in messages.
    let path: String
    /// The same place in the policy's file, for edits (RFC 6901).
    let pointer: String
    let demand: Demand
    let annotations: ExactTextMap<String>
}

/// Turns declarations into attestors; counts everything it makes against one limit.
struct AttestorCompiler {
    let material: KeyMaterial
    let context: [String: StoredKeyName]
    private var attestorsLeft = Limits.attestorsPerRule
    /// What is legal and probably not meant, once for each place.
    private(set) var warnings: [PolicyWarning] = []

    init(material: KeyMaterial, context: [String: StoredKeyName]) {
        self.material = material
        self.context = context
    }

    /// `root` is the pointer of what holds the list.
    mutating func sets(
        _ declarations: [AttestorSetDeclaration], under root: String
    ) throws(Failure) -> [AttestorSet] {
        var sets: [AttestorSet] = []
        for (index, declaration) in declarations.enumerated() {
            let place = AttestorPlace(
                path: "attestors[\(index)]", pointer: "\(root)/attestors/\(index)")
            sets.append(try set(declaration, at: place))
        }
        return sets
    }

    private mutating func set(
        _ declaration: AttestorSetDeclaration, at place: AttestorPlace
    ) throws(Failure) -> AttestorSet {
        var attestors: [Attestor] = []
        var seen: Set<AttestorDemand> = []
        for (index, entry) in declaration.entries.enumerated() {
            for attestor in try expanded(entry, at: place.entry(index))
            // The same demand twice is one demand; the same key with another annotation or another
            // log is another demand.
            where attestor.asked.map({ seen.insert($0).inserted }) ?? true {
                attestors.append(attestor)
            }
        }
        let required = declaration.count ?? attestors.count
        let signers = Signers(of: attestors)
        // Several people may fit one pattern; each entry still brings one of them.
        let possible =
            signers.hasPattern
            ? attestors.count : min(attestors.count, signers.signers.count)
        guard declaration.count == nil || required <= possible || signers.isOpen else {
            throw Failure(
                .malformed, "cannot use the policy", at: declaration.place,
                because:
                    "the count is \(required), and there are \(possible) different entries")
        }
        return AttestorSet(
            path: place.path, required: required, needsDifferentSigners: declaration.count != nil,
            attestors: attestors)
    }

    /// Each PEM block of `publicKeys` becomes an entry of its own.
    ///
    /// Spec: docs/kyverno.md, "Attestors".
    private mutating func expanded(
        _ entry: AttestorDeclaration, at place: AttestorPlace
    ) throws(Failure) -> [Attestor] {
        let demands: [Attestor.Demand]
        let field: String
        switch entry.trust {
        case .keyless(let keyless):
            (demands, field) = (
                [.signer(.certificates([keyless.identity]), keyless.trust)], "keyless"
            )
            warnings = (warnings + keyless.warnings).inOrderOnce
        case .nested(let inner):
            (demands, field) = (
                [.set(try set(inner, at: place.field("attestor")))], "attestor"
            )
        case .keys(let source, let trust):
            field = "keys"
            switch try material.keys(of: source, context: context, at: entry.place) {
            case .found(let keys):
                demands = keys.map { key in
                    let trusted = TrustedKey(key: key, hash: entry.signatureHash)
                    return .signer(.keys([trusted]), trust)
                }
            case .missing(let why): demands = [.missingKey(why)]
            }
        }
        attestorsLeft -= demands.count
        guard attestorsLeft >= 0 else {
            throw Failure(
                .overLimit, "cannot use the policy", at: entry.place,
                because: "a rule has at most \(Limits.attestorsPerRule) attestors")
        }
        let here = place.field(field)
        return demands.enumerated().map { index, demand in
            Attestor(
                path: here.path + (demands.count > 1 ? "[\(index)]" : ""), pointer: here.pointer,
                demand: demand, annotations: entry.annotations)
        }
    }
}

/// A place in the policy, in the two spellings that are needed.
private struct AttestorPlace {
    let path: String
    let pointer: String

    func entry(_ index: Int) -> AttestorPlace {
        AttestorPlace(path: "\(path).entries[\(index)]", pointer: "\(pointer)/entries/\(index)")
    }

    func field(_ name: String) -> AttestorPlace {
        AttestorPlace(path: "\(path).\(name)", pointer: "\(pointer)/\(name)")
    }
}

/// Everything one attestor asks for; two that ask for the same are one.
private struct AttestorDemand: Hashable {
    let signer: TrustedSigner
    let trust: TrustDeclaration
    let annotations: ExactTextMap<String>
}

extension Attestor {
    fileprivate var asked: AttestorDemand? {
        switch demand {
        case .signer(let signer, let trust):
            AttestorDemand(signer: signer, trust: trust, annotations: annotations)
        case .missingKey, .set: nil
        }
    }
}

/// Whoever can sign for a set, nested ones included.
private struct Signers {
    var signers: Set<TrustedSigner> = []
    /// Whether nobody can say how many entries there are: a key was not given.
    var isOpen = false
    /// Whether one of them is a pattern that different identities may fit.
    var hasPattern = false

    init(of attestors: [Attestor]) { add(attestors) }

    private mutating func add(_ attestors: [Attestor]) {
        for attestor in attestors {
            switch attestor.demand {
            case .signer(let signer, _):
                signers.insert(signer.withAnyHash)
                hasPattern = hasPattern || signer.isPattern
            case .missingKey: isOpen = true
            case .set(let inner): add(inner.attestors)
            }
        }
    }
}

extension TrustedSigner {
    /// The same signer, whatever hash is demanded of it: one key stays one signer.
    fileprivate var withAnyHash: TrustedSigner {
        switch self {
        case .keys(let keys): .keys(keys.map { $0.signing(with: nil) })
        case .certificates: self
        }
    }

    /// Whether different signers may fit it.
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
