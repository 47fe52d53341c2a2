-- title: Who called what
-- answers: Every tool call an agent wanted to make: which agent in which session, what was decided, what came of it.
-- parameter agent = %: One agent as TEAM/AGENT; % stands for any text, so % alone is every agent.
-- parameter tool = %: One tool, the same way.
SELECT
    asked.time AS asked_at,
    asked.environment,
    asked.team,
    asked.agent,
    asked.tool,
    asked.decision,
    asked.reason,
    asked.approval_id,
    asked.approved_by,
    ended.outcome,
    ended.time AS ended_at,
    asked.session_id,
    asked.tool_use_id,
    asked.arguments_sha256,
    asked.harness_arn,
    asked.id AS record_id
FROM decisions AS asked
LEFT JOIN (
    SELECT harness_arn, session_id, tool_use_id, max(time) AS time, max(outcome) AS outcome
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day AND event = 'afterToolCall'
    GROUP BY harness_arn, session_id, tool_use_id
) AS ended
    ON ended.harness_arn = asked.harness_arn
    AND ended.session_id = asked.session_id
    AND ended.tool_use_id = asked.tool_use_id
    AND asked.decision = 'allow'
WHERE asked.day BETWEEN :first_day AND :last_day
    AND asked.time >= :since AND asked.time < :until
    AND asked.event = 'beforeToolCall'
    AND coalesce(asked.team || '/' || asked.agent, '') LIKE :agent
    AND coalesce(asked.tool, '') LIKE :tool
ORDER BY asked.time, asked.id
