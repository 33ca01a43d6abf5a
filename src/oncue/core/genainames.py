"""The names of OpenTelemetry's conventions for generative AI that are used here, as strings of our own.

The package of names marks all of them as deprecated since the conventions moved; what a record or a span says must not
change with a release of somebody else's.
"""

CONVENTIONS = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the conventions that the names are taken from."""
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
OUTPUT_TYPE = "gen_ai.output.type"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH_REASONS = "gen_ai.response.finish_reasons"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
ERROR_TYPE = "error.type"
COST_USD = "oncue.cost.usd"
"""No name of the conventions: they have none for money."""
