"""Opens and makes cosign's encrypted keys with hashlib, PyNaCl and cryptography: an independent reading."""
import base64, hashlib, json, os, sys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from nacl.secret import SecretBox

LABEL = "ENCRYPTED SIGSTORE PRIVATE KEY"
password = os.environ["COSIGN_PASSWORD"].encode()


def scrypt(salt, rounds):
    return hashlib.scrypt(password, salt=salt, n=rounds, r=8, p=1, dklen=32, maxmem=2**31 - 1)


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


if sys.argv[1] == "open":
    lines = open(sys.argv[2]).read().strip().splitlines()
    assert lines[0] == f"-----BEGIN {LABEL}-----", lines[0]
    body = json.loads(base64.b64decode("".join(lines[1:-1]), validate=True))
    kdf, cipher = body["kdf"], body["cipher"]
    assert kdf["name"] == "scrypt" and cipher["name"] == "nacl/secretbox", body
    secret = scrypt(base64.b64decode(kdf["salt"]), kdf["params"]["N"])
    der = SecretBox(secret).decrypt(base64.b64decode(body["ciphertext"]), base64.b64decode(cipher["nonce"]))
    print(public_pem(serialization.load_der_private_key(der, None)), end="")
else:
    rounds = int(sys.argv[2])
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    salt, nonce = os.urandom(32), os.urandom(24)
    body = {
        "kdf": {"name": "scrypt", "params": {"N": rounds, "r": 8, "p": 1}, "salt": base64.b64encode(salt).decode()},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(nonce).decode()},
        "ciphertext": base64.b64encode(SecretBox(scrypt(salt, rounds)).encrypt(der, nonce).ciphertext).decode(),
    }
    text = base64.b64encode(json.dumps(body).encode()).decode()
    print(f"-----BEGIN {LABEL}-----")
    print("\n".join(text[i:i + 64] for i in range(0, len(text), 64)))
    print(f"-----END {LABEL}-----")
    print(public_pem(key), end="", file=sys.stderr)
