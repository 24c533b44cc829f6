"""A TLS server that asks who connects and writes the name into a file. Usage: client_certificate.py PORTFILE NAMES"""
import http.server
import pathlib
import ssl
import sys

port_file, names = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        subject = dict(part[0] for part in self.connection.getpeercert()["subject"])
        with names.open("a", encoding="utf-8") as file:
            file.write(subject["commonName"] + "\n")
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
context.load_verify_locations("ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
server.socket = context.wrap_socket(server.socket, server_side=True)
port_file.write_text(str(server.server_address[1]), encoding="utf-8")
server.serve_forever()
