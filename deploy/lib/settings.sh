# Settings of deploy/local, each from the environment, else its default.
CHECKOUT=$(cd "$LIB/../.." && pwd)

# The state folder: data, keys, logs, pid files.
STATE=${TIEMCHUNG_LOCAL:-$CHECKOUT/.local}
mkdir -p "$STATE"
STATE=$(cd "$STATE" && pwd)
# Services listen on base+1 … base+5 (operations on base+1001 …), second instances on base+11 …;
# PostgreSQL on base+900, a broker of our own on base+950.
PORT_BASE=${TIEMCHUNG_PORT_BASE:-8100}
# Instances of each service.
INSTANCES=${TIEMCHUNG_INSTANCES:-1}
# release or debug.
CONFIGURATION=${TIEMCHUNG_CONFIGURATION:-release}
# Executables built elsewhere: nothing is installed or built then.
PREBUILT=${TIEMCHUNG_BIN:-}
# Seconds that a start, a stop and a replay may take.
START_TIMEOUT=${TIEMCHUNG_START_TIMEOUT:-60}
STOP_TIMEOUT=${TIEMCHUNG_STOP_TIMEOUT:-40}
REST_TIMEOUT=${TIEMCHUNG_REST_TIMEOUT:-1800}
# Seconds for which a replay bears with a service that is away.
PATIENCE=120

POSTGRES_PORT=$((PORT_BASE + 900))
BROKER_PORT=$((PORT_BASE + 950))

# Name, schema and number of each service, in the order in which they start.
SERVICES=(intake identity-matching correction-tasks signing passport-issuance)
declare -A SCHEMA=(
  [intake]=intake [identity-matching]=matching [correction-tasks]=correction [signing]=signing
  [passport-issuance]=issuance
)
declare -A NUMBER=([intake]=1 [identity-matching]=2 [correction-tasks]=3 [signing]=4 [passport-issuance]=5)

# Database and broker of somebody else's, as they were given to us.
GIVEN_DATABASE_URL=${DATABASE_URL:-}
GIVEN_BOOTSTRAP=${KAFKA_BOOTSTRAP_SERVERS:-}
GIVEN_KAFKA_HOME=${KAFKA_HOME:-}
unset DATABASE_URL KAFKA_BOOTSTRAP_SERVERS
export LC_ALL=C.UTF-8
