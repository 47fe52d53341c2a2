-- title: Promotions, and by whom
-- answers: Every promotion of an agent to a stage: on which figures, by whom and why.
SELECT
    time AS promoted_at,
    team || '/' || agent AS agent,
    decision AS stage,
    actor,
    reason,
    arguments AS figures,
    id AS record_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND event = 'promotion'
ORDER BY promoted_at, record_id
