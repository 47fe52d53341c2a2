"""A local AWS in a process of its own that can be emptied: `python local_aws.py ACCOUNT REGION`.

Prints a JSON line with its endpoint and keys; then, for each line it reads, has an empty account with the
same keys, and prints an empty line.
"""

import json
import sys

from corral.local.server.run import start


def main(account: str, region: str) -> None:
    running = start(account, region)

    # moto reads its account when it is imported: only now.
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.models import moto_api_backend

    from corral.local.server import identity

    def empty() -> tuple[str, str]:
        with running.aws.moto_lock:
            moto_api_backend.reset()
            mock_random.seed(1)  # the administrator's keys come out the same every time
            return identity.create_administrator(account, region)

    key, secret = empty()
    answers, sys.stdout = sys.stdout, sys.stderr  # moto prints now and then
    print(json.dumps({"endpoint": running.endpoint, "key": key, "secret": secret}), file=answers, flush=True)
    for _ in sys.stdin:
        assert empty() == (key, secret)
        print(file=answers, flush=True)
    running.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
