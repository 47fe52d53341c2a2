-- title: Approvals, and by whom
-- answers: Every call that had to wait for a person: who decided and why, and whether and when the call then ran.
SELECT
    approval_id,
    min(team) AS team,
    min(agent) AS agent,
    min(tool) AS tool,
    CASE
        WHEN count(*) FILTER (WHERE decision = 'allow') > 0 THEN 'approved and used'
        WHEN count(*) FILTER (WHERE event = 'approval.denied' OR reason LIKE 'approval denied%') > 0 THEN 'denied'
        WHEN count(*) FILTER (WHERE event = 'approval.expired') > 0 THEN 'expired'
        WHEN count(*) FILTER (WHERE event = 'approval.approved') > 0 THEN 'approved, not used'
        ELSE 'not decided'
    END AS result,
    array_join(array_agg(DISTINCT CASE WHEN event = 'approval.approved' THEN actor ELSE approved_by END), ', ')
        AS approved_by,
    array_join(array_agg(DISTINCT CASE WHEN event = 'approval.denied' THEN actor END), ', ') AS denied_by,
    array_join(
        array_agg(DISTINCT CASE WHEN event IN ('approval.approved', 'approval.denied') THEN reason END), '; '
    ) AS why,
    min(time) AS asked_at,
    max(CASE WHEN event IN ('approval.approved', 'approval.denied') THEN time END) AS decided_at,
    max(CASE WHEN decision = 'allow' THEN time END) AS used_at,
    count(*) FILTER (WHERE event = 'approval.escalated') AS escalated,
    count(*) FILTER (WHERE decision = 'deny') AS held,
    count(*) FILTER (WHERE decision = 'allow') AS used,
    min(arguments) AS arguments,
    min(arguments_sha256) AS arguments_sha256,
    min(session_id) AS session_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND (event = 'beforeToolCall' OR event LIKE 'approval.%')
    AND approval_id IS NOT NULL
GROUP BY approval_id
ORDER BY asked_at, approval_id
