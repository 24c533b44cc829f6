// SPDX-License-Identifier: Apache-2.0
// Attestors ready to judge: keys resolved, doubles removed, counts checked.
// Spec: reference kyverno.md §1.2, §1.3.

import Primitives
import Signing

/// How many of which attestors must have signed.
struct AttestorSet: Sendable {
    let required: Int
    let attestors: [Attestor]
}

/// One way to trust, and where the policy says so.
struct Attestor: Sendable {
    enum Demand: Sendable {
        case key(PublicKey, log: TransparencyDemand)
        case keyless(KeylessIdentity)
        /// A key that was not given; neither met nor refused.
        case missingKey(String)
        indirect case set(AttestorSet)
    }

    /// `attestors[0].entries[1].keys`, as Kyverno writes it in messages.
    let path: String
    /// The same place in the policy's file, for edits (RFC 6901).
    let pointer: String
    let demand: Demand
    let annotations: [String: String]
}

/// Turns declarations into attestors; counts everything it makes against one limit.
struct AttestorCompiler {
    let material: KeyMaterial
    let context: [String: StoredKeyName]
    private var attestorsLeft = Limits.attestorsPerRule

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
        var seen: Set<AttestorIdentity> = []
        for (index, entry) in declaration.entries.enumerated() {
            for attestor in try expanded(entry, at: place.entry(index))
            // One key is one attestor however often it is written: two copies of a key are not
            // two signers.
            where attestor.identity.map({ seen.insert($0).inserted }) ?? true {
                attestors.append(attestor)
            }
        }
        let isOpen = attestors.contains { if case .missingKey = $0.demand { true } else { false } }
        let required = declaration.count ?? attestors.count
        guard required <= attestors.count || isOpen else {
            throw Failure(
                .malformed, "cannot use the policy", at: declaration.place,
                because:
                    "the count is \(required), and there are \(attestors.count) different entries")
        }
        return AttestorSet(required: required, attestors: attestors)
    }

    /// Spec: §1.2: "publicKeys may be several PEM blocks (each becomes its own entry)".
    private mutating func expanded(
        _ entry: AttestorDeclaration, at place: AttestorPlace
    ) throws(Failure) -> [Attestor] {
        let demands: [Attestor.Demand]
        let field: String
        switch entry.trust {
        case .keyless(let identity): (demands, field) = ([.keyless(identity)], "keyless")
        case .nested(let inner):
            (demands, field) = (
                [.set(try set(inner, at: place.field("attestor")))], "attestor"
            )
        case .keys(let source, let log):
            field = "keys"
            switch try material.keys(of: source, context: context, at: entry.place) {
            case .found(let keys): demands = keys.map { .key($0, log: log) }
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

private enum AttestorIdentity: Hashable {
    case key(Digest)
    case keyless(KeylessIdentity)
}

extension Attestor {
    fileprivate var identity: AttestorIdentity? {
        switch demand {
        case .key(let key, _): .key(key.fingerprint)
        case .keyless(let identity): .keyless(identity)
        case .missingKey, .set: nil
        }
    }
}
