-- title: Denials by reason
-- answers: Why calls were refused, by the supervisor or by the gateway's policies: each reason with caller and tool, how often, first and last.
SELECT
    denied_by,
    CASE
        WHEN reason LIKE 'pending approval%' THEN 'pending approval'
        WHEN reason LIKE 'approval denied%' THEN 'approval denied'
        ELSE coalesce(split_part(reason, ':', 1), 'no reason given')
    END AS why,
    caller,
    tool,
    count(*) AS times,
    min(denied_at) AS first_at,
    max(denied_at) AS last_at
FROM (
    SELECT
        'supervisor' AS denied_by,
        reason,
        coalesce(team || '/' || agent, harness_arn) AS caller,
        tool,
        time AS denied_at
    FROM decisions
    WHERE day BETWEEN :first_day AND :last_day
        AND time >= :since AND time < :until
        AND decision = 'deny'
    UNION ALL
    SELECT
        'gateway' AS denied_by,
        coalesce(errormessage, json_extract_scalar(responseelements, '$.body.error.message'), errorcode) AS reason,
        coalesce(useridentity.sessioncontext.sessionissuer.username, useridentity.arn, useridentity.accountid) AS caller,
        json_extract_scalar(requestparameters, '$.body.params.name') AS tool,
        eventtime AS denied_at
    FROM trail
    WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
        AND eventtime >= :since AND eventtime < :until
        AND eventsource = 'bedrock-agentcore.amazonaws.com'
        AND eventname = 'InvokeGateway'
        AND (errorcode IS NOT NULL OR json_extract_scalar(responseelements, '$.body.error.code') IS NOT NULL)
) AS denied
GROUP BY 1, 2, 3, 4
ORDER BY times DESC, denied_by, why, caller, tool
