-- title: Journeys by agent, and how they ended
-- answers: How many journeys each agent began in each month, and how many of them it completed, handed over to a person, or left unfinished.
WITH steps AS (
    SELECT
        team,
        agent,
        harness_arn,
        session_id,
        event,
        decision,
        reason,
        stop_reason,
        time,
        -- A caller that ran a tool of its own goes on with the journey it had begun.
        CASE
            WHEN event = 'beforeInvocation'
                AND coalesce(lag(stop_reason) OVER (PARTITION BY harness_arn, session_id ORDER BY time), '') <> 'tool_use'
            THEN 1 ELSE 0
        END AS begins
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day
        AND time >= :since AND time < :until
        AND event IN ('beforeInvocation', 'beforeToolCall', 'afterToolCall', 'afterInvocation')
        AND agent IS NOT NULL
),
numbered AS (
    SELECT
        steps.*,
        sum(begins) OVER (PARTITION BY harness_arn, session_id ORDER BY time ROWS UNBOUNDED PRECEDING) AS journey
    FROM steps
),
journeys AS (
    SELECT
        min(team) AS team,
        min(agent) AS agent,
        substr(min(time), 1, 7) AS month,
        CASE
            WHEN max(CASE WHEN begins = 1 AND decision = 'deny' THEN 1 END) = 1 THEN 'refused'
            WHEN max(CASE WHEN reason LIKE 'pending approval%' THEN 1 END) = 1 THEN 'handed over'
            WHEN max(CASE WHEN stop_reason IN ('end_turn', 'stop_sequence') THEN 1 END) = 1 THEN 'completed'
            ELSE 'abandoned'
        END AS ended,
        max(CASE WHEN stop_reason <> 'tool_use' THEN stop_reason END) AS stop_reason
    FROM numbered
    WHERE journey > 0 -- what began before the period is not counted in it
    GROUP BY harness_arn, session_id, journey
)
SELECT
    team,
    agent,
    month,
    count(*) FILTER (WHERE ended <> 'refused') AS started,
    count(*) FILTER (WHERE ended = 'completed') AS completed,
    count(*) FILTER (WHERE ended = 'handed over') AS handed_over,
    count(*) FILTER (WHERE ended = 'abandoned') AS abandoned,
    count(*) FILTER (WHERE ended = 'refused') AS refused,
    array_join(
        array_agg(DISTINCT CASE WHEN ended = 'abandoned' THEN coalesce(stop_reason, 'no end on record') END), ', '
    ) AS abandoned_by
FROM journeys
GROUP BY team, agent, month
ORDER BY month, started DESC, team, agent
