-- title: Changes to governance
-- answers: Who changed what the platform is governed by: policies, gateway, harnesses, roles and boundaries, keys, tables, trail and records.
SELECT
    eventtime AS changed_at,
    CASE
        WHEN eventsource IN ('cloudtrail.amazonaws.com', 'firehose.amazonaws.com') THEN 'trail'
        WHEN eventsource IN ('glue.amazonaws.com', 'athena.amazonaws.com') THEN 'audit lake'
        WHEN eventsource = 's3.amazonaws.com' THEN 'buckets'
        WHEN eventsource = 'iam.amazonaws.com' THEN 'roles and boundaries'
        WHEN eventsource = 'kms.amazonaws.com' THEN 'keys'
        WHEN eventsource = 'dynamodb.amazonaws.com' THEN 'governance tables'
        WHEN eventsource = 'lambda.amazonaws.com' THEN 'functions'
        WHEN eventname LIKE '%Polic%' OR strpos(requestparameters, 'BedrockAgentCore::Polic') > 0 THEN 'policies'
        WHEN eventname LIKE '%Gateway%' OR strpos(requestparameters, 'BedrockAgentCore::Gateway') > 0 THEN 'gateway'
        WHEN eventname LIKE '%Harness%' OR strpos(requestparameters, 'BedrockAgentCore::Harness') > 0 THEN 'harnesses'
        ELSE 'agents and guardrails'
    END AS area,
    eventname AS action,
    useridentity.arn AS changed_by,
    errorcode AS error_code,
    awsregion AS region,
    sourceipaddress AS source_ip,
    substr(requestparameters, 1, 500) AS request,
    eventid AS event_id
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND readonly = 'false'
    AND (
        (
            eventcategory = 'Management'
            AND (
                (
                    eventsource = 'bedrock-agentcore.amazonaws.com'
                    OR eventsource = 'bedrock-agentcore-control.amazonaws.com'
                )
                OR (eventsource = 'bedrock.amazonaws.com' AND eventname LIKE '%Guardrail%')
                OR eventsource IN ('cloudtrail.amazonaws.com', 'cloudcontrolapi.amazonaws.com')
                OR (
                    eventsource = 'kms.amazonaws.com'
                    AND eventname IN (
                        'CancelKeyDeletion', 'DisableKey', 'DisableKeyRotation', 'EnableKey', 'PutKeyPolicy',
                        'ScheduleKeyDeletion', 'CreateGrant', 'UpdateAlias', 'DeleteAlias'
                    )
                )
                OR (
                    eventsource IN (
                        'iam.amazonaws.com', 'lambda.amazonaws.com', 'dynamodb.amazonaws.com', 's3.amazonaws.com',
                        'firehose.amazonaws.com', 'athena.amazonaws.com', 'glue.amazonaws.com'
                    )
                    AND eventname NOT IN ('StartQueryExecution', 'StopQueryExecution')
                    AND (
                        strpos(requestparameters, 'corral-' || :environment) > 0
                        OR strpos(requestparameters, 'corral/' || :environment) > 0
                        OR strpos(requestparameters, 'audit_corral_' || :environment) > 0
                    )
                )
            )
        )
        OR (
            -- Items of the tables of agents, overrides and approvals that somebody other than the platform's functions wrote.
            eventsource = 'dynamodb.amazonaws.com'
            AND eventname IN (
                'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems', 'ExecuteStatement'
            )
            AND (
                strpos(requestparameters, 'corral-' || :environment || '-agents') > 0
                OR strpos(requestparameters, 'corral-' || :environment || '-overrides') > 0
                OR strpos(requestparameters, 'corral-' || :environment || '-approvals') > 0
            )
            AND coalesce(useridentity.sessioncontext.sessionissuer.username, '') NOT IN (
                'corral-' || :environment || '-supervisor',
                'corral-' || :environment || '-override'
            )
        )
    )
ORDER BY eventtime, eventid
