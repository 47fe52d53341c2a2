-- title: Who read the records
-- answers: Who read objects of the audit bucket or ran queries over them, how often, and when first and last.
SELECT
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby) AS reader,
    useridentity.arn AS session,
    eventsource AS service,
    eventname AS action,
    count(*) AS times,
    count(*) FILTER (WHERE errorcode IS NOT NULL) AS refused,
    min(eventtime) AS first_at,
    max(eventtime) AS last_at
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND (
        (
            eventsource = 's3.amazonaws.com'
            AND json_extract_scalar(requestparameters, '$.bucketName') LIKE 'corral-' || :environment || '-audit-%'
            AND eventname IN ('GetObject', 'ListObjects', 'ListObjectsV2', 'ListObjectVersions', 'HeadObject')
        )
        OR (
            eventsource = 'athena.amazonaws.com'
            AND eventname IN ('StartQueryExecution', 'GetQueryResults')
            AND (
                json_extract_scalar(requestparameters, '$.workGroup') = 'corral-' || :environment || '-audit'
                OR eventname = 'GetQueryResults'
            )
        )
    )
GROUP BY 1, 2, 3, 4
ORDER BY times DESC, reader, session, service, action
