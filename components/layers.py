"""The one Lambda layer: Powertools for AWS Lambda, published by AWS in every commercial region."""

POWERTOOLS_ACCOUNT = "017000801446"
# 27 is the layer version AWS published for Python 3.13 and arm64 (docs.aws.amazon.com/powertools/python).
POWERTOOLS_VERSION = 27


def powertools(partition: str, region: str) -> str:
    """Return the ARN of the layer for Python 3.13 on arm64. Raises ValueError outside the commercial regions."""
    if partition != "aws":
        raise ValueError(f"{region}: AWS publishes the Powertools layer under other accounts in {partition}")
    name = f"AWSLambdaPowertoolsPythonV3-python313-arm64:{POWERTOOLS_VERSION}"
    return f"arn:aws:lambda:{region}:{POWERTOOLS_ACCOUNT}:layer:{name}"
