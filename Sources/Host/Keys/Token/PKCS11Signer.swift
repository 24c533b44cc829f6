// SPDX-License-Identifier: Apache-2.0
// Keys in tokens. Spec: RFC 7512 §2.5 (how a URI finds a module and an object); PKCS #11 Current
// Mechanisms 2.40, sections 2.1.4 (CKM_RSA_PKCS), 2.3.6 (CKM_ECDSA).

internal import Dispatch
internal import Files
internal import Foundation
internal import Keys
internal import Primitives
internal import Workflows

/// A key that stays in its token.
///
/// Each signature opens a session of its own. Calls into the module wait on a thread outside the
/// concurrency runtime; they cannot be given a time limit, as nothing may interrupt a module.
struct PKCS11Signer: Signer {
    let publicKey: PublicKey
    let scheme: SignatureScheme
    private let token: PKCS11Token

    init(_ token: PKCS11Token) async throws {
        publicKey = try await onOwnThread { try token.publicKey() }
        scheme = publicKey.algorithm.standardScheme
        self.token = token
    }

    func sign(_ message: [UInt8]) async throws -> [UInt8] {
        let signature = try await onOwnThread { [token, publicKey, scheme] in
            try token.signature(over: message, by: publicKey, in: scheme)
        }
        return try checked(signature, over: message, madeBy: token.address.description)
    }
}

/// A module, an address, and the PIN if there is one.
struct PKCS11Token: Sendable {
    let address: PKCS11URI
    private let module: PKCS11Module
    private let pin: [UInt8]?

    /// - Parameter environment: COSIGN_PKCS11_MODULE_PATH and COSIGN_PKCS11_PIN, where the address
    ///   says nothing.
    init(_ address: PKCS11URI, environment: [String: String]) throws(Failure) {
        self.address = address
        module = try PKCS11Module(at: try modulePath(address, environment))
        if let value = address.pinValue {
            pin = value
        } else if let source = address.pinSource {
            let path = source.utf8.removingPrefix("file:").map(String.init) ?? source
            let content = try readFile(
                at: path.utf8.hasPrefix("///") ? String(path.dropFirst(2)) : path,
                atMost: Limits.secretBytes, named: "the PIN")
            pin = Array(content.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        } else {
            pin = environment["COSIGN_PKCS11_PIN"].map { Array($0.utf8) }
        }
    }

    /// The public half: from its own object, else from a certificate beside it, else, for RSA, from
    /// the private key, which holds both numbers.
    func publicKey() throws(Failure) -> PublicKey {
        let session = try PKCS11Session(module, slot: try slot().slot)
        if let found = try publicKey(session) { return found }
        try logIn(session)
        if let found = try publicKey(session) { return found }
        for object in try objects(.privateKey, session) {
            if let n = session.attribute(.modulus, of: object),
                let e = session.attribute(.publicExponent, of: object), !n.isEmpty, !e.isEmpty
            {
                return try PublicKey(rsaModulus: n, exponent: e)
            }
        }
        throw failure(
            .notFound, "the token has neither a public key nor a certificate of that name",
            next: "pkcs11-tool --list-objects shows what there is")
    }

    func signature(over message: [UInt8], by publicKey: PublicKey, in scheme: SignatureScheme)
        throws(Failure) -> [UInt8]
    {
        let session = try PKCS11Session(module, slot: try slot().slot)
        try logIn(session)
        let keys = try objects(.privateKey, session)
        guard keys.count == 1, let key = keys.first else {
            throw failure(
                keys.isEmpty ? .notFound : .usage,
                keys.isEmpty
                    ? "the token has no private key of that name that this user sees"
                    : "\(keys.count) private keys fit; add id= to the URI")
        }
        switch scheme {
        case .ecdsa(let hash):
            let raw = try session.sign(hash.hash(of: message), mechanism: .ecdsa, key: key)
            guard let form = ECDSASignatureForm(raw: raw, coordinateBytes: raw.count / 2) else {
                throw failure(.malformed, "the token answered something else than r and s")
            }
            return form.der
        case .rsaPKCS1(let hash):
            return try session.sign(
                digestInfo(hash, hash.hash(of: message)), mechanism: .rsaPKCS1, key: key)
        case .ed25519:
            guard message.count <= Limits.remoteMessageBytes else {
                throw failure(.overLimit, "the message has \(message.count) bytes")
            }
            return try session.sign(message, mechanism: .eddsa, key: key)
        case .ed25519ph, .rsaPSS, .rsaPSSWithAnySalt:
            throw failure(.unsupported, "Assay does not ask tokens for \(scheme)")
        }
    }

    /// The one token that fits the address.
    private func slot() throws(Failure) -> PKCS11Module.Token {
        let all = try module.slots().compactMap(module.token).filter(\.isInitialised)
        let fitting = all.filter { token in
            (address.slot.map { $0 == token.slot } ?? true)
                && (address.token.map { isSame($0, token.label) } ?? true)
                && (address.manufacturer.map { isSame($0, token.manufacturer) } ?? true)
                && (address.model.map { isSame($0, token.model) } ?? true)
                && (address.serial.map { isSame($0, token.serial) } ?? true)
        }
        guard let token = fitting.first else {
            let labels = all.prefix(10).map { quoted($0.label) }.joined(separator: ", ")
            throw failure(
                .notFound, "no token fits; there are \(all.isEmpty ? "none" : labels)")
        }
        guard fitting.count == 1 else {
            throw failure(
                .usage, "\(fitting.count) tokens fit", next: "add token= or serial= to the URI")
        }
        return token
    }

    private func logIn(_ session: PKCS11Session) throws(Failure) {
        let token = try slot()
        guard token.needsLogin else { return }
        if pin == nil && !token.hasOwnKeyboard {
            throw failure(
                .usage, "the token wants a PIN, and none was given",
                next: "set COSIGN_PKCS11_PIN, or add ?pin-source=FILE to the URI")
        }
        try session.logIn(pin: pin)
    }

    private func publicKey(_ session: PKCS11Session) throws(Failure) -> PublicKey? {
        for object in try objects(.publicKey, session) {
            if let key = try readPublicKey(object, session) { return key }
        }
        for object in try objects(.certificate, session) {
            if let der = session.attribute(.value, of: object), !der.isEmpty {
                return try PublicKey(ofCertificate: der)
            }
        }
        return nil
    }

    private func readPublicKey(_ object: UInt, _ session: PKCS11Session) throws(Failure)
        -> PublicKey?
    {
        if let n = session.attribute(.modulus, of: object),
            let e = session.attribute(.publicExponent, of: object), !n.isEmpty, !e.isEmpty
        {
            return try PublicKey(rsaModulus: n, exponent: e)
        }
        guard let point = session.attribute(.point, of: object),
            let curve = session.attribute(.curve, of: object)
        else { return nil }
        // Spec: CKA_EC_POINT is an OCTET STRING in DER; some modules leave its header out.
        let bare = withoutHeader(point)
        return bare.count == 32
            ? try PublicKey(ed25519: bare)
            : try PublicKey(ecPoint: bare, curveParameters: curve)
    }

    private func objects(_ kind: PKCS11ObjectClass, _ session: PKCS11Session) throws(Failure)
        -> [UInt]
    {
        try session.objects(kind, label: address.object.map { Array($0.utf8) }, id: address.id)
    }

    private func failure(_ kind: Failure.Kind, _ why: String, next: String? = nil) -> Failure {
        Failure(
            kind, "cannot use \(address)", at: .named(module.path), because: why, next: next)
    }
}

/// Spec: RFC 7512 §2.3: module-path is a file, or a folder in which module-name is.
private func modulePath(_ address: PKCS11URI, _ environment: [String: String]) throws(Failure)
    -> String
{
    let path = address.modulePath ?? environment["COSIGN_PKCS11_MODULE_PATH"] ?? ""
    var isDirectory: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    if !path.isEmpty && !isDirectory.boolValue { return path }
    let directories = exists ? [path] : moduleDirectories
    if let name = address.moduleName {
        let files = directories.flatMap { ["\($0)/lib\(name).so", "\($0)/\(name).so"] }
        if let file = files.first(where: FileManager.default.fileExists) { return file }
    }
    throw Failure(
        .usage, "cannot use \(address)",
        because: address.moduleName.map { "no module \(quoted($0)) was found" }
            ?? "no PKCS #11 module is named",
        next: "add ?module-path=FILE to the URI, or set COSIGN_PKCS11_MODULE_PATH")
}

/// Where distributions install modules.
private let moduleDirectories =
    ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap {
        ["/usr/lib/\($0)/pkcs11", "/usr/lib/\($0)/softhsm", "/usr/lib/\($0)"]
    } + ["/usr/lib64/pkcs11", "/usr/lib/pkcs11", "/usr/lib/softhsm", "/usr/local/lib", "/usr/lib"]

/// The content of an OCTET STRING, or the bytes themselves.
private func withoutHeader(_ point: [UInt8]) -> [UInt8] {
    guard point.first == 0x04, point.count >= 2 else { return point }
    if point[1] == 0x81, point.count >= 3, Int(point[2]) == point.count - 3 {
        return Array(point.dropFirst(3))
    }
    return Int(point[1]) == point.count - 2 ? Array(point.dropFirst(2)) : point
}

/// Spec: RFC 8017 §9.2, note 1: the DER beginnings of a DigestInfo.
private func digestInfo(_ hash: HashAlgorithm, _ digest: [UInt8]) -> [UInt8] {
    let (last, count) = (hash == .sha256 ? 1 : hash == .sha384 ? 2 : 3, digest.count)
    let object: [UInt8] = [
        0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, UInt8(last), 0x05,
        0x00,
    ]
    return [0x30, UInt8(object.count + count + 2)] + object + [0x04, UInt8(count)] + digest
}

/// Runs work that blocks where it blocks nobody else.
private func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value)
    async throws -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
}
