"""Makes chains, right and wrong, in FOLDER; one line each: NAME, cryptography's verdict, ours to be.

Every leaf signs the line "release 1.0" and stands with its intermediates in a bundle 0.1. The last word differs from
the middle one only where the two are known to differ; why stands beside.
"""

import base64
import datetime
import hashlib
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
MESSAGE = b"release 1.0\n"
FOLDER = pathlib.Path(sys.argv[1])


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*kinds):
    every = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{kind: kind in kinds for kind in every})


class Draft:
    """A certificate that is to be made; its fields may be bent before."""

    def __init__(self, subject, key, issuer=None, authority=False):
        self.subject, self.key, self.issuer, self.authority = name(subject), key, issuer, authority
        self.start, self.end, self.hash = NOW - DAY, NOW + DAY, hashes.SHA256()
        self.path_length, self.basic, self.names, self.restrictions, self.more = None, True, None, None, []
        self.usage = usage("key_cert_sign", "crl_sign") if authority else usage("digital_signature")
        self.purposes = [] if authority else [ExtendedKeyUsageOID.CODE_SIGNING]
        self.issuer_name = None
        self.signer = None
        if not authority:
            self.names = [x509.RFC822Name("mira@example.org")]

    def made(self):
        issuer = self.issuer
        builder = (x509.CertificateBuilder().subject_name(self.subject).public_key(self.key.public_key())
                   .issuer_name(self.issuer_name or (issuer.subject if issuer else self.subject))
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(self.start).not_valid_after(self.end))
        if self.basic:
            builder = builder.add_extension(
                x509.BasicConstraints(ca=self.authority, path_length=self.path_length), critical=True)
        if self.usage:
            builder = builder.add_extension(self.usage, critical=True)
        if self.purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.purposes), critical=False)
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        if self.restrictions:
            builder = builder.add_extension(self.restrictions, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        signer = self.signer or (issuer.key if issuer else self.key)
        if issuer:
            builder = builder.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
            # Fulcio's issuer (v2), so that whoever asks for one finds it.
            if not self.authority:
                text = b"https://accounts.example.org"
                builder = builder.add_extension(
                    x509.UnrecognizedExtension(
                        ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"\x0c" + bytes([len(text)]) + text), critical=False)
        for extension, critical in self.more:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signer, self.hash)


def key():
    return ec.generate_private_key(ec.SECP256R1())


class Chain:
    """Root, intermediate, leaf."""

    def __init__(self, leaf_key=None, authority_key=key):
        self.root = Draft("root", authority_key(), authority=True)
        self.middle = Draft("intermediate", authority_key(), self.root, authority=True)
        self.leaf = Draft("leaf", (leaf_key or key)(), self.middle)
        self.between = [self.middle]
        self.anchor = self.root

    def signature(self):
        private = self.leaf.key
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(MESSAGE, ec.ECDSA(getattr(hashes, self.hash().upper())()))
        return private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())

    def write(self, title):
        leaf, between, anchor = self.leaf.made(), [draft.made() for draft in self.between], self.anchor.made()
        (FOLDER / f"{title}.root.pem").write_bytes(anchor.public_bytes(serialization.Encoding.PEM))
        (FOLDER / f"{title}.json").write_text(json.dumps(self.bundle([leaf, *reversed(between)])))
        return leaf, between, anchor

    def bundle(self, certificates):
        """Bundle 0.1, which brings the intermediates along; the root comes from the verifier alone."""
        text = lambda content: base64.b64encode(content).decode()
        ders = [certificate.public_bytes(serialization.Encoding.DER) for certificate in certificates]
        hash = self.hash()
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
            "verificationMaterial": {
                "x509CertificateChain": {"certificates": [{"rawBytes": text(der)} for der in ders]}},
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_" + hash[3:], "digest": text(hashlib.new(hash, MESSAGE).digest())},
                "signature": text(self.signature())},
        }

    def hash(self):
        curve = getattr(self.leaf.key, "curve", None)
        return {256: "sha256", 384: "sha384", 521: "sha512"}[curve.key_size if curve else 256]


def verdict(leaf, between, anchor):
    """What cryptography says, with the purpose of code signing in place of its TLS one."""

    def purpose(policy, certificate, extension):
        if ExtendedKeyUsageOID.CODE_SIGNING not in extension:
            raise ValueError("not for code signing")

    authorities = verification.ExtensionPolicy.webpki_defaults_ca()
    leaves = verification.ExtensionPolicy.permit_all().require_present(
        x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, purpose)
    verifier = (verification.PolicyBuilder().store(verification.Store([anchor])).time(NOW)
                .extension_policies(ca_policy=authorities, ee_policy=leaves).build_client_verifier())
    try:
        verifier.verify(leaf, between)
        return "yes"
    except verification.VerificationError:
        return "no"


CASES = {}


def case(expected=None):
    """Registers a case: the chain bent by the function. Expected: where we differ, what we say."""

    def register(function):
        CASES[function.__name__.replace("_", "-")] = (function, expected)
        return function

    return register


@case()
def plain(chain): pass


@case()
def no_intermediate(chain):
    chain.leaf.issuer, chain.between = chain.root, []


@case()
def two_intermediates(chain):
    second = Draft("second", key(), chain.middle, authority=True)
    chain.leaf.issuer, chain.between = second, [chain.middle, second]


@case()
def path_length_kept(chain): chain.root.path_length, chain.middle.path_length = 1, 0


@case()
def leaf_p384(chain): chain.leaf.key = ec.generate_private_key(ec.SECP384R1())


@case()
def leaf_p521(chain): chain.leaf.key = ec.generate_private_key(ec.SECP521R1())


@case()
def leaf_rsa(chain): chain.leaf.key = rsa.generate_private_key(65537, 2048)


@case()
def authorities_p384(chain):
    for draft in (chain.root, chain.middle):
        draft.key, draft.hash = ec.generate_private_key(ec.SECP384R1()), hashes.SHA384()
    chain.leaf.hash = hashes.SHA384()


@case()
def authorities_rsa(chain):
    for draft in (chain.root, chain.middle):
        draft.key = rsa.generate_private_key(65537, 2048)


@case()
def restricted_and_inside(chain):
    chain.middle.restrictions = x509.NameConstraints([x509.RFC822Name("example.org")], None)


@case()
def unknown_extension(chain):
    chain.leaf.more = [(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)]


@case()
def leaf_expired(chain): chain.leaf.end = NOW - datetime.timedelta(hours=1)


@case()
def leaf_not_yet(chain): chain.leaf.start = NOW + datetime.timedelta(hours=1)


@case()
def intermediate_expired(chain): chain.middle.end = NOW - datetime.timedelta(hours=1)


@case()
def root_expired(chain): chain.root.end = NOW - datetime.timedelta(hours=1)


@case()
def intermediate_no_authority(chain): chain.middle.authority = False


@case()
def intermediate_without_constraints(chain): chain.middle.basic = False


@case()
def intermediate_signs_no_certificates(chain): chain.middle.usage = usage("digital_signature")


@case()
def path_too_long(chain): chain.root.path_length = 0


@case()
def leaf_for_servers(chain): chain.leaf.purposes = [ExtendedKeyUsageOID.SERVER_AUTH]


@case()
def leaf_without_purpose(chain): chain.leaf.purposes = []


@case()
def wrong_signer(chain): chain.leaf.signer = key()


@case()
def intermediate_by_a_stranger(chain): chain.middle.signer = key()


@case()
def other_issuer_name(chain): chain.leaf.issuer_name = name("somebody")


@case()
def missing_intermediate(chain): chain.between = []


@case()
def stranger_as_root(chain): chain.anchor = Draft("root", key(), authority=True)


@case()
def restricted_and_outside(chain):
    chain.middle.restrictions = x509.NameConstraints([x509.RFC822Name("elsewhere.example")], None)


@case()
def restricted_and_excluded(chain):
    chain.root.restrictions = x509.NameConstraints(None, [x509.RFC822Name("example.org")])


@case()
def unknown_critical_extension(chain):
    chain.leaf.more = [(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]


@case()
def unknown_critical_in_intermediate(chain):
    chain.middle.more = [(x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]


@case()
def signed_with_a_weak_hash(chain): chain.leaf.hash = hashes.SHA224()


# cryptography leaves a leaf's key usage to its caller.
@case(expected="no")
def leaf_signs_nothing(chain): chain.leaf.usage = usage("key_agreement")


FOLDER.mkdir()
for title, (bend, expected) in CASES.items():
    chain = Chain()
    bend(chain)
    peer = verdict(*chain.write(title))
    print(title, peer, expected or peer)
