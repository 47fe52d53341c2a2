"""CloudWatch Metrics Insights: the part of its SQL that alarms and dashboards here are written in.

`SELECT MAX(DriftScore) FROM SCHEMA("Corral", Team, ...) WHERE Environment = 'dev' GROUP BY Team ORDER BY MAX() DESC
LIMIT 20`; conditions are equalities joined by AND. Anything else is refused by name.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from corral.local.server.core import not_implemented
from corral.local.server.metric_points import Key, Points, statistic

_NAME = r'(?:"[^"]+"|[A-Za-z_][A-Za-z0-9_]*)'
_FUNCTION = r"(?:SUM|MAX|MIN|AVG|COUNT)"
_QUERY = re.compile(
    rf"""\s*SELECT\s+(?P<function>{_FUNCTION})\((?P<metric>{_NAME})\)
    \s+FROM\s+(?:SCHEMA\((?P<schema>{_NAME}(?:\s*,\s*{_NAME})*)\)|(?P<namespace>{_NAME}))
    (?:\s+WHERE\s+(?P<where>{_NAME}\s*=\s*'[^']*'(?:\s+AND\s+{_NAME}\s*=\s*'[^']*')*))?
    (?:\s+GROUP\s+BY\s+(?P<group>{_NAME}(?:\s*,\s*{_NAME})*))?
    (?:\s+ORDER\s+BY\s+(?P<order>{_FUNCTION})\(\)(?:\s+(?P<direction>ASC|DESC))?)?
    (?:\s+LIMIT\s+(?P<limit>\d+))?\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_CONDITION = re.compile(rf"({_NAME})\s*=\s*'([^']*)'")
_STATISTICS = {"SUM": "Sum", "MAX": "Maximum", "MIN": "Minimum", "AVG": "Average", "COUNT": "SampleCount"}
MOST_SERIES = 500
_OTHER = "Other"  # what metrics without a dimension that is grouped by are called


@dataclass(frozen=True)
class Query:
    """What a query asks: a statistic of a metric, of which dimensions, in how many series."""

    stat: str
    metric: str
    namespace: str
    keys: frozenset[str] | None  # exactly the dimensions that a metric has; None: any
    where: tuple[tuple[str, str], ...]
    group: tuple[str, ...]
    order: str | None  # a statistic
    descending: bool
    limit: int

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query. Raises AwsError when it is none, or of a form that is not understood here."""
        found = _QUERY.fullmatch(text)
        if found is None:
            raise not_implemented("cloudwatch", f"expression {text}")
        schema = _names(found["schema"])
        return cls(
            stat=_STATISTICS[found["function"].upper()],
            metric=found["metric"].strip('"'),
            namespace=schema[0] if schema else found["namespace"].strip('"'),
            keys=frozenset(schema[1:]) if schema else None,
            where=tuple((key.strip('"'), value) for key, value in _CONDITION.findall(found["where"] or "")),
            group=tuple(_names(found["group"])),
            order=_STATISTICS[found["order"].upper()] if found["order"] else None,
            descending=(found["direction"] or "ASC").upper() == "DESC",
            limit=int(found["limit"] or MOST_SERIES),
        )

    def series(self, index: Mapping[Key, Points], since: float, until: float) -> dict[str, Points]:
        """Return the points of each group from one time until another, by its label; of all without groups."""
        grouped: defaultdict[str, Points] = defaultdict(list)
        for (namespace, name, dimensions), found in index.items():
            if (namespace, name) != (self.namespace, self.metric) or not self._selects(dict(dimensions)):
                continue
            has = dict(dimensions)
            label = " ".join(has.get(key, _OTHER) for key in self.group) if self.group else name
            grouped[label] += [point for point in found if since <= point[0] < until]
        chosen = [(label, found) for label, found in sorted(grouped.items()) if found]
        if (order := self.order) is not None:
            chosen.sort(
                key=lambda each: statistic(order, [value for _, value in each[1]]), reverse=self.descending
            )
        return dict(chosen[: self.limit])

    def _selects(self, dimensions: Mapping[str, str]) -> bool:
        if self.keys is not None and self.keys != dimensions.keys():
            return False
        return all(dimensions.get(key) == value for key, value in self.where)


def _names(listed: str | None) -> list[str]:
    return [name.strip('"') for name in re.findall(_NAME, listed or "")]
