// SPDX-License-Identifier: Apache-2.0
// Log entries of the stand-ins, right or with the faults that a recipe names.

package import Primitives

extension StandInSigstore {
    /// An entry for a signature, in a copy of the log: this instance's history stays as it is.
    package func entry(
        for logged: LoggedSignature, in log: StandInRecipe.Log, as kind: LogEntryKind,
        at time: Timestamp
    ) throws(Failure) -> StandInLogEntry {
        switch log {
        case .rekor2:
            var rekor = rekor2
            return try rekor.append(logged, at: time)
        case .rekor1, .none:
            var rekor = rekor1
            return try rekor.append(logged, as: kind, at: time)
        }
    }

    /// The entries of a recipe: none, one, or what its faults make of it.
    func entries(for logged: LoggedSignature, _ recipe: StandInRecipe, at time: Timestamp)
        throws(Failure) -> [StandInLogEntry]
    {
        guard recipe.log != .none else { return [] }
        let faults = recipe.faults
        let time = faults.contains(.logLate) ? Timestamp(seconds: time.seconds + 7200) : time
        var instance = self
        if faults.contains(.logUnknown) { try instance.replaceLogs() }
        var kind = recipe.entryKind ?? (recipe.isEnvelope ? .dsse001 : .hashedrekord001)
        if faults.contains(.logWrongKind) {
            kind = kind == .hashedrekord001 ? .dsse001 : .hashedrekord001
        }
        var entry =
            recipe.log == .rekor2 && faults.contains(.logWrongKind)
            ? try instance.rekor2.append(body: wrongKind.body(logged), at: time)
            : try instance.entry(
                for: try bent(logged, faults), in: recipe.log, as: kind, at: time)
        entry = try bent(entry, faults, in: recipe.log, at: time)
        return faults.contains(.logTwice) ? [entry, entry] : [entry]
    }

    /// The entry with the faults that are about the log's answer.
    func bent(
        _ entry: StandInLogEntry, _ faults: Set<StandInFault>, in log: StandInRecipe.Log,
        at time: Timestamp
    ) throws(Failure) -> StandInLogEntry {
        var entry = entry
        for fault in StandInFault.allCases where faults.contains(fault) {
            try bend(&entry, fault, log, at: time)
        }
        return entry
    }

    /// The submission about something else than what the bundle holds.
    private func bent(_ logged: LoggedSignature, _ faults: Set<StandInFault>) throws(Failure)
        -> LoggedSignature
    {
        var logged = logged
        if faults.contains(.logOtherArtifact) {
            switch logged.content {
            case .artifact: logged.content = .artifact(Array("something else".utf8))
            case .envelope(var envelope):
                envelope.payload = Array("{}".utf8)
                logged.content = .envelope(envelope)
            }
        }
        if faults.contains(.logOtherSignature) {
            logged.signature = try StandInKey(.p256).sign(logged.signedBytes)
        }
        if faults.contains(.logOtherSigner) {
            let key = try StandInKey(.p256)
            switch logged.signer {
            case .certificate:
                logged.signer = .certificate(
                    try certificate(for: .person, publicKey: key.publicDER, at: plan.time))
            case .publicKey: logged.signer = .publicKey(key.publicDER)
            }
        }
        return logged
    }

    /// The same names and addresses with keys that no trust root has.
    private mutating func replaceLogs() throws(Failure) {
        rekor1 = StandInRekor1(key: try StandInKey(rekor1.key.kind), baseURL: rekor1.baseURL)
        rekor2 = StandInRekor2(key: try StandInKey(rekor2.key.kind), baseURL: rekor2.baseURL)
    }

    private func bent(
        _ proof: StandInLogEntry.Proof, _ fault: StandInFault, _ body: [UInt8]
    ) -> StandInLogEntry.Proof {
        var proof = proof
        switch fault {
        case .proofWrongRoot: proof.root = sha256(body)
        case .proofWrongIndex: proof.index -= 1
        case .proofHashMissing: proof.hashes = proof.hashes.dropLast()
        case .proofHashAdded: proof.hashes.append(sha256([]))
        case .proofBrokenHash: proof.hashes = proof.hashes.map(sha256)
        default:
            var tree = StandInMerkleTree()
            for number in 0...UInt8(clamping: proof.index) { _ = tree.append([number]) }
            proof.hashes = tree.inclusionProof(for: proof.index)
        }
        return proof
    }

    private func bend(
        _ entry: inout StandInLogEntry, _ fault: StandInFault, _ log: StandInRecipe.Log,
        at time: Timestamp
    ) throws(Failure) {
        let other = canonicalJSON([
            "apiVersion": .string(entry.version), "kind": .string(entry.kind), "spec": [:],
        ])
        switch fault {
        case .logOtherBody: entry.body = other
        case .logNegativeIndex: entry.index = -1
        case .promiseMissing: entry.promise = nil
        case .promiseBroken:
            entry.promise = try StandInKey(.p256).sign(entry.body)
        case .promiseForAnother:
            entry.promise = try rekor1.promise(for: other, index: entry.index, at: time)
        case .promiseOtherTime: entry.integratedTime = time.seconds + 1
        case .proofMissing: entry.proof = nil
        case .proofWrongRoot, .proofWrongIndex, .proofHashMissing, .proofHashAdded,
            .proofBrokenHash, .proofOtherTree:
            entry.proof = entry.proof.map { bent($0, fault, entry.body) }
        default: try bendCheckpoint(&entry, fault, log, at: time)
        }
    }
}

extension StandInSigstore {
    private func bendCheckpoint(
        _ entry: inout StandInLogEntry, _ fault: StandInFault, _ log: StandInRecipe.Log,
        at time: Timestamp
    ) throws(Failure) {
        guard fault.rawValue.hasPrefix("checkpoint-") else { return }
        let name = log == .rekor2 ? rekor2.origin : rekor1.name
        let key = log == .rekor2 ? rekor2.key : rekor1.key
        guard let proof = entry.proof else { return }
        var checkpoint = StandInCheckpoint(
            origin: log == .rekor2 ? name : "\(name) - \(rekor1.treeID)", size: proof.size,
            root: proof.root)
        switch fault {
        case .checkpointMissing:
            entry.proof?.checkpoint = nil
            return
        case .checkpointForeignKey:
            try checkpoint.sign(
                as: name, with: try StandInKey(key.kind),
                hint: Array(StandInCheckpoint.keyIdentifier(name, key).prefix(4)))
        case .checkpointWrongHint: try checkpoint.sign(as: name, with: key, hint: [1, 2, 3, 4])
        case .checkpointBroken:
            try checkpoint.sign(as: name, with: key)
            checkpoint.extensionLines.append("added after signing")
        case .checkpointOtherTree:
            checkpoint.root = base64Text(sha256([7]))
            try checkpoint.sign(as: name, with: key)
        case .checkpointOtherOrigin:
            checkpoint.origin = "elsewhere.example"
            try checkpoint.sign(as: name, with: key)
        case .checkpointUnsigned: break
        case .checkpointNoOrigin, .checkpointNoSize, .checkpointNoRoot:
            entry.proof?.checkpoint = try withoutLine(fault, checkpoint, name, key)
            return
        case .checkpointOnlyCosigned: try cosign(&checkpoint, at: time)
        case .checkpointCosigned:
            try checkpoint.sign(as: name, with: key)
            try cosign(&checkpoint, at: time)
        case .checkpointCosignedFirst:
            try cosign(&checkpoint, at: time)
            try checkpoint.sign(as: name, with: key)
        case .checkpointTwoByLog:
            try checkpoint.sign(as: name, with: try StandInKey(.p384))
            try checkpoint.sign(as: name, with: key)
        default: return
        }
        entry.proof?.checkpoint = checkpoint.envelope
    }

    private func cosign(_ checkpoint: inout StandInCheckpoint, at time: Timestamp) throws(Failure) {
        try checkpoint.cosign(as: plan.witness.name, with: plan.witness.key, at: time)
        try checkpoint.cosign(
            as: "witness.stand-in.example/w2", with: try StandInKey(.ed25519), at: time)
    }

    /// The note without one of its three lines, signed as it then stands.
    private func withoutLine(
        _ fault: StandInFault, _ checkpoint: StandInCheckpoint, _ name: String, _ key: StandInKey
    ) throws(Failure) -> String {
        var lines = [checkpoint.origin, checkpoint.size, checkpoint.root]
        lines.remove(
            at: fault == .checkpointNoOrigin ? 0 : fault == .checkpointNoSize ? 1 : 2)
        let text = lines.map { $0 + "\n" }.joined()
        let hint = StandInCheckpoint.keyIdentifier(name, key).prefix(4)
        let signature = base64Text(hint + (try key.sign(Array(text.utf8))))
        return text + "\n\u{2014} \(name) \(signature)\n"
    }
}

/// What a Rekor v2 log does not write any more.
private let wrongKind = LogEntryKind.hashedrekord001
