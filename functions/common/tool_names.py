"""Tool names as agents and the gateway spell them, against the catalogue's own."""

import re


def catalogue_name(spelled: str) -> str:
    """Return the catalogue's name of a tool an agent calls; other names come back unchanged.

    The gateway lists a tool as `<target>___<tool>`, target and tool being one name here. A harness may put
    its own name of the gateway before it: `@tools/refund-issue___refund-issue`,
    `tools___refund-issue___refund-issue`. A target of another name is somebody else's tool: it keeps its
    whole name, so that nothing is granted by it.
    """
    target, _, tool = spelled.rpartition("___")
    return tool if re.search(rf"(^|[/_]){re.escape(tool)}$", target) else spelled
