-- title: After-hours use
-- answers: Sessions with tool calls at night or at the weekend, by the clock of one place.
-- parameter utc_offset = 0: Hours that the place's clock is ahead of UTC; -5 for New York in winter.
-- parameter from_hour = 8: The first hour of a working day.
-- parameter to_hour = 18: The hour at which it ends.
SELECT
    team,
    agent,
    session_id,
    count(*) AS calls,
    count(*) FILTER (WHERE decision = 'deny') AS denied,
    array_join(array_agg(DISTINCT tool), ', ') AS tools,
    min(place_time) AS first_at_place,
    max(place_time) AS last_at_place
FROM (
    SELECT
        team,
        agent,
        session_id,
        decision,
        tool,
        CAST(replace(substr(time, 1, 19), 'T', ' ') AS timestamp)
            + CAST(:utc_offset AS integer) * INTERVAL '1' HOUR AS place_time
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day
        AND time >= :since AND time < :until
        AND event = 'beforeToolCall'
) AS calls
WHERE day_of_week(place_time) > 5
    OR hour(place_time) < CAST(:from_hour AS integer)
    OR hour(place_time) >= CAST(:to_hour AS integer)
GROUP BY team, agent, session_id
ORDER BY first_at_place, session_id
