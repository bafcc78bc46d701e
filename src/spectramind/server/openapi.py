"""``python -m spectramind.server.openapi`` prints the OpenAPI document, the same on every machine.

``web/openapi.json`` holds it; the types of the front end are made from that file.
"""

import json

from spectramind.server.application import application
from spectramind.server.mission_control import MissionControl


def document_text() -> str:
    """The document, indented, keys sorted."""
    document = application(MissionControl(())).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(document_text(), end="")
