-- title: Use by team and agent, in tokens
-- answers: What each agent used in each month: turns, tokens read and written.
SELECT
    team,
    agent,
    substr(time, 1, 7) AS month,
    count(*) AS turns,
    count(DISTINCT session_id) AS sessions,
    coalesce(sum(usage.input_tokens), 0) AS input_tokens,
    coalesce(sum(usage.output_tokens), 0) AS output_tokens,
    coalesce(sum(usage.input_tokens), 0) + coalesce(sum(usage.output_tokens), 0) AS tokens,
    count(*) FILTER (WHERE usage.input_tokens IS NULL) AS turns_without_usage
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event = 'afterInvocation'
GROUP BY team, agent, substr(time, 1, 7)
ORDER BY month, tokens DESC, team, agent
