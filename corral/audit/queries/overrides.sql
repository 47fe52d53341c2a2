-- title: Overrides, and by whom
-- answers: Every suspension, read-only mode and resumption: of which agent, team or of everything, by whom and why.
SELECT
    time AS changed_at,
    coalesce(team || '/' || agent, team, 'everything') AS scope,
    decision AS mode,
    actor,
    reason,
    id AS record_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event = 'override'
ORDER BY changed_at, record_id
