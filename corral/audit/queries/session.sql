-- title: One session's full story
-- answers: All that is on record of one session, in order: what the supervisor decided and what CloudTrail saw of it.
-- parameter session: The session's id, as the front door answers it and as every decision record has it.
SELECT
    time AS happened_at,
    'decision' AS source,
    event,
    coalesce(actor, team || '/' || agent, harness_arn) AS actor,
    tool,
    coalesce(outcome, decision) AS result,
    coalesce(reason, stop_reason) AS detail,
    arguments,
    usage.input_tokens AS input_tokens,
    usage.output_tokens AS output_tokens,
    id AS record_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND session_id = :session
UNION ALL
SELECT
    eventtime AS happened_at,
    'trail' AS source,
    eventname AS event,
    useridentity.arn AS actor,
    json_extract_scalar(requestparameters, '$.body.params.name') AS tool,
    coalesce(errorcode, 'ok') AS result,
    coalesce(errormessage, json_extract_scalar(requestparameters, '$.body.method')) AS detail,
    NULL AS arguments,
    NULL AS input_tokens,
    NULL AS output_tokens,
    eventid AS record_id
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND eventsource <> 'athena.amazonaws.com'
    AND (
        strpos(requestparameters, :session) > 0
        OR strpos(useridentity.arn, '/BedrockAgentCore-' || substr(:session, 1, 47)) > 0
    )
ORDER BY happened_at, source, record_id
