"""The logical names and type tokens of the dev environment, which states of deployed stacks hold.

A rename without an alias deletes the resource and makes another. `python -m tests.components.test_logical_names`
writes the list anew.
"""

from pathlib import Path

import pytest

from tests.components.conftest import PLATFORM
from tests.components.recorder import ROOT, Program, record

pytestmark = pytest.mark.xdist_group("components")

LIST = Path(__file__).parent / "fixtures/logical-names.txt"
DATA = "aws:s3/bucketObjectv2:BucketObjectv2"  # is named after a file of the environment


def _names(programs: dict[str, Program]) -> list[str]:
    return sorted(
        "::".join((stack, *resource.urn.split("::")[2:]))
        for stack, program in programs.items()
        for resource in program.resources
        if resource.type != DATA
    )


def test_no_logical_name_or_type_token_changes(programs: dict[str, Program]) -> None:
    known, found = LIST.read_text(encoding="utf-8").splitlines(), _names(programs)
    gone, new = sorted(set(known) - set(found)), sorted(set(found) - set(known))
    assert not gone, (
        "a rename ships an alias (pulumi.Alias, on the component where it is one: its children inherit it); "
        f"gone: {gone}; new: {new}. Then, or after a removal on purpose: python -m tests.components.test_logical_names"
    )
    assert not new, f"for new resources only: python -m tests.components.test_logical_names; new: {new}"
    assert known == found, "sorted, each once"


def _write() -> None:
    platform = record("dev", {})
    programs = {"dev": platform}
    for path in sorted((ROOT / "stacks/dev/teams").glob("*.yaml")):
        programs[f"dev.{path.stem}"] = record(f"dev.{path.stem}", {PLATFORM: platform.outputs})
    assert not [program.errors for program in programs.values() if program.errors]
    LIST.write_text("\n".join(_names(programs)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
