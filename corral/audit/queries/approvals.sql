-- title: Approvals, and by whom
-- answers: Every call that had to wait for a person: who decided, and whether and when the call then ran.
SELECT
    approval_id,
    min(team) AS team,
    min(agent) AS agent,
    min(tool) AS tool,
    CASE
        WHEN count(*) FILTER (WHERE decision = 'allow') > 0 THEN 'approved and used'
        WHEN count(*) FILTER (WHERE reason LIKE 'approval denied%') > 0 THEN 'denied'
        ELSE 'not used'
    END AS result,
    array_join(array_agg(DISTINCT approved_by), ', ') AS approved_by,
    min(time) AS asked_at,
    max(CASE WHEN decision = 'allow' THEN time END) AS used_at,
    count(*) FILTER (WHERE decision = 'deny') AS held,
    count(*) FILTER (WHERE decision = 'allow') AS used,
    min(arguments) AS arguments,
    min(arguments_sha256) AS arguments_sha256,
    min(session_id) AS session_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event = 'beforeToolCall'
    AND approval_id IS NOT NULL
GROUP BY approval_id
ORDER BY asked_at, approval_id
