-- title: Rollbacks, and by whom
-- answers: Every move of an agent, a tool or a guardrail to another version: from which to which, by whom and why.
SELECT
    time AS changed_at,
    target,
    decision AS did,
    from_version,
    to_version,
    actor,
    reason,
    id AS record_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event = 'rollback'
ORDER BY changed_at, record_id
