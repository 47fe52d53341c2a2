-- title: Tools never used
-- answers: Tools of the catalogue that no agent called in the period: nobody needs them, or nobody may.
SELECT catalogue.tool
FROM (VALUES :tools) AS catalogue (tool)
LEFT JOIN (
    SELECT DISTINCT tool
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day
        AND time >= :since AND time < :until
        AND event = 'beforeToolCall'
        AND decision = 'allow'
) AS called
    ON called.tool = catalogue.tool
WHERE called.tool IS NULL AND catalogue.tool IS NOT NULL
ORDER BY catalogue.tool
