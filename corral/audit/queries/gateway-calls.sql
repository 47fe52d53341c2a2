-- title: Calls at the gateway
-- answers: Every tool call that reached the gateway as CloudTrail recorded it: by which role and session, refused or not.
-- parameter role = %: One role's name; % stands for any text, so % alone is every role.
SELECT
    eventtime AS called_at,
    coalesce(useridentity.sessioncontext.sessionissuer.username, useridentity.username) AS role,
    useridentity.arn AS caller,
    json_extract_scalar(requestparameters, '$.body.params.name') AS tool,
    json_extract_scalar(additionaleventdata, '$.targetId') AS target_id,
    errorcode AS error_code,
    errormessage AS error_message,
    sourceipaddress AS source_ip,
    requestid AS request_id,
    eventid AS event_id
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND eventsource = 'bedrock-agentcore.amazonaws.com'
    AND eventname = 'InvokeGateway'
    AND json_extract_scalar(requestparameters, '$.body.method') = 'tools/call'
    AND coalesce(useridentity.sessioncontext.sessionissuer.username, useridentity.username, '') LIKE :role
ORDER BY eventtime, eventid
