-- title: Decisions over time
-- answers: How many tool calls were allowed, and how many steps denied, by day or hour and team; held are those denied until a person decides.
-- parameter by = day: day or hour.
SELECT
    substr(time, 1, CASE WHEN :by = 'hour' THEN 13 ELSE 10 END) AS starts_at,
    team,
    count(*) FILTER (WHERE decision = 'allow') AS allowed,
    count(*) FILTER (WHERE decision = 'deny') AS denied,
    count(*) FILTER (WHERE decision = 'deny' AND reason LIKE 'pending approval%') AS held
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND (event = 'beforeToolCall' OR decision = 'deny')
GROUP BY 1, 2
ORDER BY starts_at, team
