-- title: Denied calls
-- answers: What was refused, by the supervisor before it was tried or by the gateway's policies, and why.
SELECT
    time AS denied_at,
    'supervisor' AS denied_by,
    coalesce(team || '/' || agent, harness_arn) AS caller,
    tool,
    event,
    reason,
    session_id,
    id AS record_id
FROM decisions
WHERE day BETWEEN :first_day AND :last_day
    AND time >= :since AND time < :until
    AND decision = 'deny'
UNION ALL
SELECT
    eventtime AS denied_at,
    'gateway' AS denied_by,
    coalesce(useridentity.arn, useridentity.accountid) AS caller,
    json_extract_scalar(requestparameters, '$.body.params.name') AS tool,
    json_extract_scalar(requestparameters, '$.body.method') AS event,
    coalesce(errormessage, json_extract_scalar(responseelements, '$.body.error.message'), errorcode) AS reason,
    NULL AS session_id,
    eventid AS record_id
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND eventsource = 'bedrock-agentcore.amazonaws.com'
    AND eventname = 'InvokeGateway'
    AND (errorcode IS NOT NULL OR json_extract_scalar(responseelements, '$.body.error.code') IS NOT NULL)
ORDER BY denied_at, record_id
