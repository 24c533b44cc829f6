// SPDX-License-Identifier: Apache-2.0
// How people say where a key is. Spec: cosign, "Key Management" (the forms of --key); RFC 7512.

package import Primitives

/// Where a key lives. Written by the user, never read from evidence.
///
/// A path, `env://NAME`, `awskms://…`, `hashivault://NAME`, `openbao://NAME`, a `pkcs11:` URI; any
/// other `x://…` is a question for the program `sigstore-kms-x`.
package enum KeyReference: Hashable, Sendable {
    case file(String)
    case environment(String)
    case awsKMS(AWSKeyName)
    case vault(VaultKeyName)
    case pkcs11(PKCS11URI)
    case plugin(PluginKeyName)

    package init(parsing text: String) throws(Failure) {
        guard !text.isEmpty, text.utf8.count <= Limits.keyReferenceBytes,
            !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
        else {
            throw unusable(
                "it is empty, has control characters, or more than \(Limits.keyReferenceBytes) bytes"
            )
        }
        if PKCS11URI.isWritten(in: text) {
            self = .pkcs11(try PKCS11URI(parsing: text))
            return
        }
        // A file's name is shown wherever it cannot be read.
        guard !text.utf8.contains("pin-value=") else {
            throw unusable("it holds a PIN (pin-value=), and does not start with pkcs11:")
        }
        guard let (scheme, rest) = split(text) else {
            self = .file(text)
            return
        }
        switch scheme {
        case "env":
            guard isVariableName(rest) else {
                throw unusable("\(quoted(rest)) is not the name of a variable")
            }
            self = .environment(rest)
        case "awskms": self = .awsKMS(try AWSKeyName(parsing: rest))
        case "hashivault": self = .vault(try VaultKeyName(parsing: rest, product: .vault))
        case "openbao": self = .vault(try VaultKeyName(parsing: rest, product: .openBao))
        default:
            if let next = refusedSchemes[scheme] { throw notFetched(scheme, next) }
            self = .plugin(try PluginKeyName(program: scheme, key: rest))
        }
    }

    /// Whether finding the key needs the network. A plugin may, and nobody can know.
    package var needsNetwork: Bool {
        switch self {
        case .file, .environment, .pkcs11: false
        case .awsKMS, .vault, .plugin: true
        }
    }
}

extension KeyReference: CustomStringConvertible {
    /// The reference as it was written, without a PIN.
    package var description: String {
        switch self {
        case .file(let path): path
        case .environment(let name): "env://\(name)"
        case .awsKMS(let name): name.description
        case .vault(let name): name.description
        case .pkcs11(let address): address.description
        case .plugin(let name): name.description
        }
    }
}

/// `scheme://rest`; nil for a path.
private func split(_ text: String) -> (scheme: String, rest: String)? {
    guard let sides = text.utf8.split(atFirst: ":"),
        let rest = sides.after.utf8.removingPrefix("//")
    else { return nil }
    return (String(sides.before), String(rest))
}

/// Spec: POSIX.1-2017 §8.1: letters, digits and the underscore, no digit first.
private func isVariableName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !isDigitByte(first) else { return false }
    return name.utf8.allSatisfy(isWordByte)
}

/// Whether every character is a letter, a digit or one of these.
func isPlainName(_ text: some StringProtocol, allowing others: String) -> Bool {
    text.utf8.allSatisfy { isDigitByte($0) || isLetterByte($0) || others.utf8.contains($0) }
}

private func unusable(_ why: String) -> Failure {
    Failure(.usage, "cannot use the key reference", because: why)
}

private func notFetched(_ scheme: String, _ next: String) -> Failure {
    Failure(
        .unsupported, "cannot use a key at \(scheme)://",
        because: "Assay reads keys from files, variables, tokens and key services only",
        next: next)
}

/// Places that cosign reads keys from and we do not, with the way there.
private let refusedSchemes: [String: String] = [
    "http": "fetch the key once, compare its fingerprint with its owner's, and give the file",
    "https": "fetch the key once, compare its fingerprint with its owner's, and give the file",
    "file": "give the path itself, without file://",
    "k8s":
        #"kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.cosign\.pub}' | base64 -d >cosign.pub, then give the file"#,
    "gitlab": "store the CI variable in a file, or export it and give env://NAME",
    "github": "export the secret in the workflow and give env://NAME",
]
