# rfc3161-client as a peer: it asks, and it verifies.
#   rfc3161_peer.py request MESSAGE            prints a request over the file
#   rfc3161_peer.py verify RESPONSE MESSAGE LEAF ROOT [INTERMEDIATE…]   certificates in DER
import pathlib
import sys

import cryptography.x509
import rfc3161_client

read = lambda name: pathlib.Path(name).read_bytes()
command, *names = sys.argv[1:]
if command == "request":
    builder = rfc3161_client.TimestampRequestBuilder().data(read(names[0]))
    sys.stdout.buffer.write(builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes())
else:
    response, message, leaf, root, *others = names
    certificate = lambda name: cryptography.x509.load_der_x509_certificate(read(name))
    builder = rfc3161_client.VerifierBuilder(tsa_certificate=certificate(leaf))
    builder = builder.add_root_certificate(certificate(root))
    for other in others:
        builder = builder.add_intermediate_certificate(certificate(other))
    builder.build().verify_message(rfc3161_client.decode_timestamp_response(read(response)), read(message))
