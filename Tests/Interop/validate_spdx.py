# SPDX-License-Identifier: Apache-2.0
"""Validates an SPDX 2.3 JSON file with spdx-tools' full validation.

usage: validate_spdx.py FILE
exit:  0 valid, 1 not valid (reasons on stderr), 77 the library is not installed

The library's time grows with the square of the document: small documents only.
"""
import sys

try:
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

try:
    document = parse_file(sys.argv[1])
except SPDXParsingError as error:
    print("\n".join(error.get_messages()), file=sys.stderr)
    sys.exit(1)
messages = validate_full_spdx_document(document, "SPDX-2.3")
for message in messages:
    print(f"{message.context.spdx_id}: {message.validation_message}", file=sys.stderr)
sys.exit(1 if messages else 0)
