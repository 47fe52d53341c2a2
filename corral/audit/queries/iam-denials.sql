-- title: What IAM refused
-- answers: Who was refused which action by IAM, how often, and when first and last: people and roles that try what they may not.
SELECT
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.accountid) AS caller,
    eventsource AS service,
    eventname AS action,
    count(*) AS refused,
    min(eventtime) AS first_at,
    max(eventtime) AS last_at,
    min(errormessage) AS example
FROM trail
WHERE day BETWEEN replace(:first_day, '-', '/') AND replace(:last_day, '-', '/')
    AND eventtime >= :since AND eventtime < :until
    AND errorcode IN (
        'AccessDenied', 'AccessDeniedException', 'Client.UnauthorizedOperation', 'UnauthorizedOperation',
        'UnauthorizedException', 'AuthorizationError', 'AuthorizationErrorException'
    )
GROUP BY 1, 2, 3
ORDER BY refused DESC, caller, service, action
