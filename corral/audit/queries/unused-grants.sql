-- title: Grants never used
-- answers: Tools that an agent is granted and did not call in the period: what could be taken away from it.
SELECT
    split_part(granted.pair, ':', 1) AS agent,
    split_part(granted.pair, ':', 2) AS tool
FROM (VALUES :grants) AS granted (pair)
LEFT JOIN (
    SELECT DISTINCT team || '/' || agent || ':' || tool AS pair
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day
        AND time >= :since AND time < :until
        AND event = 'beforeToolCall'
        AND decision = 'allow'
) AS called
    ON called.pair = granted.pair
WHERE called.pair IS NULL AND granted.pair IS NOT NULL
ORDER BY granted.pair
