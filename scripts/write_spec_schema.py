"""Write ``src/mlwright/spec.schema.json``, the JSON Schema of the spec, from the settings."""

from __future__ import annotations

import json
from pathlib import Path

from mlwright.api.spec import SECTIONS
from mlwright.core.spec_schema import spec_schema

TARGET = Path(__file__).parent.parent / "src" / "mlwright" / "spec.schema.json"


def text() -> str:
    """Return the schema as the file holds it."""
    return json.dumps(spec_schema(SECTIONS), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"wrote {TARGET}")
