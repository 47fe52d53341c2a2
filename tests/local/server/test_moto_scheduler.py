"""Each change to moto's groups of schedules beside what moto does by itself.

A failing `stock` test is good news: moto now behaves as AWS there, and the change can go.
"""

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, REGION, Server, code_of
from tests.local.server.support import stock

SCHEDULE = {
    "ScheduleExpression": "rate(1 day)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {
        "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
    },
}


def test_stock_takes_a_group_twice_and_fails_on_one_that_is_not_there() -> None:
    said = stock(
        f"""
scheduler = client("scheduler")
scheduler.create_schedule_group(Name="g")
print(repr([tried(lambda: scheduler.create_schedule_group(Name="g")["ScheduleGroupArn"][-1]),
            tried(lambda: scheduler.create_schedule(Name="s", GroupName="none", **{SCHEDULE!r})),
            tried(lambda: scheduler.delete_schedule_group(Name="none"))]))
"""
    )
    assert said == ["g", "KeyError", "KeyError"]


def test_groups(server: Server, name: str) -> None:
    scheduler = server.client("scheduler")
    scheduler.create_schedule_group(Name=name)
    scheduler.create_schedule(Name="s", GroupName=name, **SCHEDULE)
    with pytest.raises(ClientError) as error:
        scheduler.create_schedule_group(Name=name)
    assert code_of(error) == "ConflictException"
    assert scheduler.get_schedule(Name="s", GroupName=name)["State"] == "ENABLED"
    scheduler.delete_schedule_group(Name=name)
    for call in (
        lambda: scheduler.create_schedule(Name="s", GroupName=name, **SCHEDULE),
        lambda: scheduler.delete_schedule_group(Name=name),
    ):
        with pytest.raises(ClientError) as error:
            call()
        assert code_of(error) == "ResourceNotFoundException"
