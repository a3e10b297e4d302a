"""What the function sees of its caller."""


def handler(event, context):
    client = context.client_context
    return {
        "custom": client and client.custom,
        "env": client and client.env,
        "title": client and client.client and client.client.app_title,
        "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
        "tenant": context.tenant_id,
        "w3c": context.w3c(),
    }
