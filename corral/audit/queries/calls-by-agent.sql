-- title: Calls by agent and tool
-- answers: How often each agent called each tool in the period, how often it was denied, and how often the tool failed.
SELECT
    team,
    agent,
    tool,
    count(*) FILTER (WHERE event = 'beforeToolCall') AS calls,
    count(*) FILTER (WHERE event = 'beforeToolCall' AND decision = 'allow') AS allowed,
    count(*) FILTER (WHERE event = 'beforeToolCall' AND decision = 'deny') AS denied,
    count(*) FILTER (WHERE event = 'afterToolCall' AND outcome = 'error') AS failed,
    count(DISTINCT session_id) AS sessions,
    min(time) AS first_at,
    max(time) AS last_at
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event IN ('beforeToolCall', 'afterToolCall')
GROUP BY team, agent, tool
ORDER BY calls DESC, team, agent, tool
