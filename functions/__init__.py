"""The code that runs on AWS Lambda. Standard library, boto3 and aws-lambda-powertools only."""
