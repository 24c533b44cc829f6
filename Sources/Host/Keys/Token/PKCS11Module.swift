// SPDX-License-Identifier: Apache-2.0
// The C side of PKCS #11: a module that is loaded, and sessions with its tokens.
// Spec: OASIS PKCS #11 Base Specification 2.40, sections 5.4 to 5.13.

internal import CPKCS11
internal import Glibc
internal import Primitives

/// A loaded module. It stays loaded: other libraries of this process may use it too, and modules
/// do not survive being unloaded while their threads run.
@safe final class PKCS11Module: @unchecked Sendable {  // Safe: CKF_OS_LOCKING_OK was agreed on.
    fileprivate let functions: UnsafeMutablePointer<CK_FUNCTION_LIST>
    let path: String

    /// - Parameter path: the user's; a plain file name is looked for where the linker looks.
    init(at path: String) throws(Failure) {
        self.path = path
        guard let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = unsafe dlsym(library, "C_GetFunctionList")
        else {
            throw Failure(
                .notFound, "cannot load the PKCS #11 module", at: .named(path),
                because: "it is not a library that offers C_GetFunctionList",
                next: "name another with module-path= or COSIGN_PKCS11_MODULE_PATH")
        }
        // PKCS #11 §5.2 fixes the type of the function that this name stands for.
        let list = unsafe unsafeBitCast(symbol, to: CK_C_GetFunctionList.self)  // Safe: see above.
        var found: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        guard unsafe list(&found) == 0, let functions = unsafe found,
            unsafe functions.pointee.version.major == 2 || functions.pointee.version.major == 3
        else { throw refused("C_GetFunctionList", nil, path) }
        unsafe self.functions = functions
        var arguments = unsafe CK_C_INITIALIZE_ARGS()
        unsafe arguments.flags = lockingByTheSystem
        let result = unsafe functions.pointee.C_Initialize?(&arguments)
        guard result == ok || result == alreadyInitialised else {
            throw refused("C_Initialize", result, path)
        }
    }

    /// The slots that hold a token.
    func slots() throws(Failure) -> [UInt] {
        var slots = [UInt](repeating: 0, count: Limits.tokenObjects)
        var count = UInt(slots.count)
        let result = unsafe functions.pointee.C_GetSlotList?(1, &slots, &count)
        guard result == ok else { throw refused("C_GetSlotList", result, path) }
        return Array(slots.prefix(Int(clamping: count)))
    }

    struct Token: Sendable {
        let slot: UInt
        let label: String
        let manufacturer: String
        let model: String
        let serial: String
        let isInitialised: Bool
        let needsLogin: Bool
        /// The PIN is typed on the reader, not given by us.
        let hasOwnKeyboard: Bool
    }

    /// Nil for a slot whose token cannot be asked: it may have been pulled out meanwhile.
    func token(in slot: UInt) -> Token? {
        var info = CK_TOKEN_INFO()
        guard unsafe functions.pointee.C_GetTokenInfo?(slot, &info) == ok else { return nil }
        return Token(
            slot: slot, label: padded(info.label), manufacturer: padded(info.manufacturerID),
            model: padded(info.model), serial: padded(info.serialNumber),
            isInitialised: info.flags & tokenInitialised != 0,
            needsLogin: info.flags & loginRequired != 0,
            hasOwnKeyboard: info.flags & protectedPath != 0)
    }
}

/// One read-only session; it ends with the value.
@safe final class PKCS11Session {
    private let module: PKCS11Module
    private let handle: UInt

    init(_ module: PKCS11Module, slot: UInt) throws(Failure) {
        var handle: UInt = 0
        let result = unsafe module.functions.pointee.C_OpenSession?(
            slot, serialSession, nil, nil, &handle)
        guard result == ok else { throw refused("C_OpenSession", result, module.path) }
        self.module = module
        self.handle = handle
    }

    deinit { _ = unsafe module.functions.pointee.C_CloseSession?(handle) }

    /// - Parameter pin: nil for a token with a keyboard of its own.
    func logIn(pin: [UInt8]?) throws(Failure) {
        let result =
            if let pin {
                unsafe module.functions.pointee.C_Login?(handle, user, pin, UInt(pin.count))
            } else {
                unsafe module.functions.pointee.C_Login?(handle, user, nil, 0)
            }
        guard result != ok, result != alreadyLoggedIn else { return }
        throw refused("C_Login", result, module.path)
    }

    /// The objects of that class that have all these attributes, at most `Limits.tokenObjects`.
    func objects(_ kind: PKCS11ObjectClass, label: [UInt8]?, id: [UInt8]?) throws(Failure) -> [UInt]
    {
        var pattern: [(type: UInt, value: [UInt8])] = [
            (0x0, unsafe withUnsafeBytes(of: kind.rawValue) { unsafe Array($0) })
        ]
        if let label { pattern.append((0x3, label)) }
        if let id { pattern.append((0x102, id)) }
        var result = unsafe attributes(pattern) { list, count in
            unsafe module.functions.pointee.C_FindObjectsInit?(handle, list, count)
        }
        guard result == ok else { throw refused("C_FindObjectsInit", result, module.path) }
        var found = [UInt](repeating: 0, count: Limits.tokenObjects)
        var count: UInt = 0
        result = unsafe module.functions.pointee.C_FindObjects?(
            handle, &found, UInt(found.count), &count)
        _ = unsafe module.functions.pointee.C_FindObjectsFinal?(handle)
        guard result == ok else { throw refused("C_FindObjects", result, module.path) }
        return Array(found.prefix(Int(clamping: count)))
    }

    /// One attribute's bytes; nil when the object does not have it or keeps it to itself.
    func attribute(_ attribute: PKCS11Attribute, of object: UInt) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: Limits.tokenAttributeBytes)
        var length: UInt = 0
        let result: UInt? = unsafe value.withUnsafeMutableBytes { buffer in
            var entry = unsafe CK_ATTRIBUTE(
                type: attribute.rawValue, pValue: buffer.baseAddress,
                ulValueLen: UInt(buffer.count))
            let result = unsafe module.functions.pointee.C_GetAttributeValue?(
                handle, object, &entry, 1)
            length = unsafe entry.ulValueLen
            return result
        }
        guard result == ok, length <= value.count else { return nil }
        return Array(value.prefix(Int(length)))
    }

    func sign(_ data: [UInt8], mechanism: PKCS11Mechanism, key: UInt) throws(Failure) -> [UInt8] {
        var choice = unsafe CK_MECHANISM()
        unsafe choice.mechanism = mechanism.rawValue
        var result = unsafe module.functions.pointee.C_SignInit?(handle, &choice, key)
        guard result == ok else { throw refused("C_SignInit", result, module.path) }
        // The longest: RSA of 16,384 bits.
        var signature = [UInt8](repeating: 0, count: 2_048)
        var length = UInt(signature.count)
        result = unsafe module.functions.pointee.C_Sign?(
            handle, data, UInt(data.count), &signature, &length)
        guard result == ok, length <= signature.count else {
            throw refused("C_Sign", result, module.path)
        }
        return Array(signature.prefix(Int(length)))
    }

    /// Hands a list of attributes to C; it is valid inside `work` only.
    private func attributes(
        _ values: [(type: UInt, value: [UInt8])],
        _ work: (UnsafeMutablePointer<CK_ATTRIBUTE>?, UInt) -> UInt?
    ) -> UInt? {
        var bytes = values.flatMap(\.value)
        return unsafe bytes.withUnsafeMutableBytes { buffer in
            var list: [CK_ATTRIBUTE] = unsafe []
            var offset = 0
            for entry in values {
                unsafe list.append(
                    CK_ATTRIBUTE(
                        type: entry.type, pValue: buffer.baseAddress.map { unsafe $0 + offset },
                        ulValueLen: UInt(entry.value.count)))
                offset += entry.value.count
            }
            return unsafe list.withUnsafeMutableBufferPointer { pointer in
                unsafe work(pointer.baseAddress, UInt(pointer.count))
            }
        }
    }
}

/// Spec: 2.40 §A, CKO_….
enum PKCS11ObjectClass: UInt {
    case certificate = 1
    case publicKey = 2
    case privateKey = 3
}

/// Spec: 2.40 §A, CKA_….
enum PKCS11Attribute: UInt {
    case value = 0x11
    case keyType = 0x100
    case identifier = 0x102
    case modulus = 0x120
    case publicExponent = 0x122
    case curve = 0x180
    case point = 0x181
}

/// Spec: 2.40 and 3.0 §A, CKM_….
enum PKCS11Mechanism: UInt {
    case rsaPKCS1 = 0x1
    case ecdsa = 0x1041
    case eddsa = 0x1057
}

/// What a result that is not CKR_OK means.
private func refused(_ call: String, _ result: UInt?, _ path: String) -> Failure {
    let known: (kind: Failure.Kind, why: String)? = result.flatMap { knownResults[$0] }
    let code = result.map { " (\(call): 0x\(String($0, radix: 16)))" } ?? " (\(call) is missing)"
    return Failure(
        known?.kind ?? .unavailable, "cannot use the PKCS #11 token", at: .named(path),
        because: (known?.why ?? "the module refused a call") + code,
        next: result == 0xA0
            ? "mind that tokens lock after a few wrong PINs" : nil)
}

private let knownResults: [UInt: (kind: Failure.Kind, why: String)] = [
    0x68: (.denied, "the key must not sign"), 0x70: (.unsupported, "it lacks the mechanism"),
    0xA0: (.denied, "the PIN is wrong"), 0xA1: (.denied, "the PIN is wrong"),
    0xA2: (.denied, "the PIN is too short or too long"), 0xA3: (.denied, "the PIN has expired"),
    0xA4: (.denied, "the PIN is locked"), 0xE0: (.unavailable, "the token is gone"),
    0x101: (.denied, "nobody is logged in"), 0x102: (.denied, "the token has no PIN yet"),
]

/// A text of fixed length, blanks at its end.
private func padded<Text>(_ text: Text) -> String {
    let bytes = unsafe withUnsafeBytes(of: text) { unsafe Array($0) }
    let trimmed = bytes.reversed().drop { $0 == 0x20 || $0 == 0 }.reversed()
    return String(decoding: Array(trimmed), as: UTF8.self)
}

private let ok: UInt = 0
private let alreadyLoggedIn: UInt = 0x100
private let alreadyInitialised: UInt = 0x191
private let lockingByTheSystem: UInt = 0x2
private let serialSession: UInt = 0x4
private let loginRequired: UInt = 0x4
private let protectedPath: UInt = 0x100
private let tokenInitialised: UInt = 0x400
/// CKU_USER.
private let user: UInt = 1
