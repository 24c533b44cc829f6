// SPDX-License-Identifier: Apache-2.0
// Certificates as objects. The certificates were made with `openssl req -x509` for these tests.

import JMESPath
import KyvernoFunctions
import Primitives
import Testing

@Suite("decoded certificates")
struct CertificateFunctionTests {
    private func asked(_ expression: String, _ pem: String) throws -> JSONValue {
        try JMESPathExpression(expression, dialect: .kyverno).evaluate(on: ["pem": .string(pem)])
    }

    @Test("an RSA certificate's parts have Go's names")
    func rsa() throws {
        let found = try asked("x509_decode(pem)", rsaCertificate)
        #expect(found["PublicKey"]?["N"]?.string == modulus)
        #expect(found["PublicKey"]?["E"]?.integer == 65_537)
        #expect(found["SerialNumber"]?.string == "4711")
        #expect(found["NotBefore"] == "2026-11-23T16:42:42Z")
        #expect(found["NotAfter"] == "2036-11-20T16:42:42Z")
        #expect(found["Version"]?.integer == 3)
    }

    @Test(
        "other keys, broken text and fields we do not give are problems",
        arguments: [
            ("x509_decode(pem)", curveCertificate, JMESPathProblem.Kind.invalidValue),
            (
                "x509_decode(truncate(pem, `300`))", rsaCertificate,
                JMESPathProblem.Kind.invalidValue
            ),
            ("x509_decode(pem).Issuer", rsaCertificate, JMESPathProblem.Kind.unknownKey),
            (
                "x509_decode(join('', [pem, pem]))", rsaCertificate,
                JMESPathProblem.Kind.invalidValue
            ),
        ])
    func refused(expression: String, pem: String, kind: JMESPathProblem.Kind) {
        #expect { try asked(expression, pem) } throws: { ($0 as? JMESPathProblem)?.kind == kind }
    }
}

private let modulus =
    "276612325393265486575540226616179365892720875369506086838717484781264325415392866067113248"
    + "290416140956951044816385590787992716073500419595508119306101078728067589215153278018155271"
    + "694937189732483620238493744117476513251898611751090933195150277532861468646097458923662558"
    + "065197984175863428570091636203876462919611669187814671341395103182515833268960261396852341"
    + "721246071020634277638658075041105425097870667649473368105567113445314611651348120475085771"
    + "259262889084598877687631371707810831944942587941057527959571942015365964849828895989456871"
    + "21229434065013978227211832611194529709329511949165395451312641867547921189179"

private let rsaCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIC+TCCAeGgAwIBAgICEmcwDQYJKoZIhvcNAQELBQAwFTETMBEGA1UEAwwKYXNz
    YXkgdGVzdDAeFw0yNjExMjMxNjQyNDJaFw0zNjExMjAxNjQyNDJaMBUxEzARBgNV
    BAMMCmFzc2F5IHRlc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDb
    HoHj6611420auh2xUpub5dmwwRGF3WVm6lXaHw/YF2gaGrV6l1Sv+8FwlDCJ62wZ
    lhc9DZAWPqCclwuf+QTqutnvvfVPHmjSnSvJZ3htF43a7M8DPr5gOFuDHN58wCSX
    rXG05rA5on7jMAwX2KiZalrQ0kl8Fq/KW4jIXHl8fBcX7Is+Gb4o9D/ScPwxxaL8
    X6LWZgO8hnQv4/jj8C17ST1XqLnzkjUdnkySSV0wZB+KV6QzsylGjMRKOm7PKf3I
    Aoyui/xssBZgNkqAF1vz0Qco1yU6QFuylaFoznO117cBUYLjtA8JxyaIq9LOdZpq
    iNznhCRxoXAwFfu7cYk7AgMBAAGjUzBRMB0GA1UdDgQWBBS6Eswpvx3PudRTkgKT
    ++fvi9/yuTAfBgNVHSMEGDAWgBS6Eswpvx3PudRTkgKT++fvi9/yuTAPBgNVHRMB
    Af8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQA+9vhAXqrhSfifkyHBfGm/f3He
    SniGfxrDhYJDNV0SlyCgCwuEGXdbU5mioCKiNEf9thjhfM4TZmpFBfsTJABZriO8
    d5zb6LLYJkIaarMBIWmKbi31zj3M/Q4cVkQ1gBzh2Pm7bfzrxjGnY/mJDhoxthGX
    U5fzCXt8mMCe4EZdcRWGXPW4TsMUupc6963kL6NzSDWxOrsvh/ysEh1cI9AeIhL8
    mzsioNTq5HEffD8dKoJaYFSrZ/L876VaXV9KcTRUB6Yu3o3P0nZrmj4yZ2Th6/IV
    21xv4bt+EBu+CA67NL4kaBMRF+GPUNbu+/tuD8pJUtHmepdt1ZV93vv/dXR7
    -----END CERTIFICATE-----
    """

private let curveCertificate = """
    -----BEGIN CERTIFICATE-----
    MIIBfzCCASWgAwIBAgIUbxM/YfgrL7kGOXEq66pRpzLz9EowCgYIKoZIzj0EAwIw
    FTETMBEGA1UEAwwKYXNzYXkgdGVzdDAeFw0yNjExMjMxNjQyNDJaFw0zNjExMjAx
    NjQyNDJaMBUxEzARBgNVBAMMCmFzc2F5IHRlc3QwWTATBgcqhkjOPQIBBggqhkjO
    PQMBBwNCAATFCRKNoH8ecBOu0KXhCy/CcdwC73bcCTn2KPtZ+0veETXyknt+pYIO
    QBNXOCzpM528aUWDcRS22fO4cgbACX05o1MwUTAdBgNVHQ4EFgQUdLLgDS+RMn4E
    eRRyRUdF9lsoR8swHwYDVR0jBBgwFoAUdLLgDS+RMn4EeRRyRUdF9lsoR8swDwYD
    VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA4yMBdm4o41kcPj/75xTT
    8FHcTZKGUcbFO7SUhcuBqhYCIHx5w+SkZ7jyqhQJkrcUz/r8/shL9+1mr6E7pVT6
    LDcX
    -----END CERTIFICATE-----
    """
