# The broker: somebody's (KAFKA_BOOTSTRAP_SERVERS), Apache Kafka from KAFKA_HOME (its data are kept between runs), or
# the embedded development broker (in memory).

if [[ -n $GIVEN_BOOTSTRAP ]]; then
  BROKER=given BOOTSTRAP=$GIVEN_BOOTSTRAP
elif [[ -n $GIVEN_KAFKA_HOME ]]; then
  BROKER=kafka BOOTSTRAP=127.0.0.1:$BROKER_PORT
  GIVEN_KAFKA_HOME=$(cd "$GIVEN_KAFKA_HOME" 2>/dev/null && pwd) || die 78 "KAFKA_HOME: không có thư mục / no such folder"
else
  BROKER=embedded BOOTSTRAP=127.0.0.1:$BROKER_PORT
fi

# A stack keeps the broker that it was started with until it is stopped.
remember_broker() { printf '%s\n%s\n' "$BROKER" "$BOOTSTRAP" >"$STATE/run/broker"; }
recall_broker() {
  [[ -s $STATE/run/broker ]] || return 0
  local kind address
  { read -r kind && read -r address; } <"$STATE/run/broker"
  BROKER=$kind BOOTSTRAP=$address
}

need_java() {
  command -v java >/dev/null && return
  local sudo=()
  [[ $EUID -eq 0 ]] || sudo=(sudo)
  say "cài đặt / installing: openjdk-17-jre-headless"
  export DEBIAN_FRONTEND=noninteractive
  { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless; } \
    >"$STATE/log/apt-java.log" 2>&1 </dev/null || die 69 "Kafka cần Java 17 / needs Java 17 ($STATE/log/apt-java.log)"
}

kafka_configure() {
  mkdir -p "$STATE/kafka"
  cat >"$STATE/kafka/server.properties" <<T
node.id=1
process.roles=broker,controller
listeners=PLAINTEXT://127.0.0.1:$BROKER_PORT,CONTROLLER://127.0.0.1:$((BROKER_PORT + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$BROKER_PORT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$((BROKER_PORT + 1))
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$STATE/kafka/data
auto.create.topics.enable=false
num.partitions=12
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
T
}

kafka_launch() {
  need_java
  kafka_configure
  local logging=()
  [[ -f $GIVEN_KAFKA_HOME/config/log4j2.yaml ]] &&
    logging=("-Dlog4j2.configurationFile=$GIVEN_KAFKA_HOME/config/log4j2.yaml" "-Dkafka.logs.dir=$STATE/log")
  [[ -s $STATE/kafka/cluster.id ]] || secret kafka-cluster | cut -c1-22 >"$STATE/kafka/cluster.id"
  java -Xmx128m -XX:TieredStopAtLevel=1 "${logging[@]}" -cp "$GIVEN_KAFKA_HOME/libs/*" kafka.tools.StorageTool format \
    --ignore-formatted -t "$(<"$STATE/kafka/cluster.id")" -c "$STATE/kafka/server.properties" \
    >"$STATE/log/kafka-format.log" 2>&1 </dev/null || {
    tail -n 5 "$STATE/log/kafka-format.log" >&2
    die 69 "Kafka: không định dạng được dữ liệu / the storage could not be formatted ($STATE/log/kafka-format.log)"
  }
  # shellcheck disable=SC2086
  launch kafka env -C "$STATE/kafka" java ${KAFKA_HEAP_OPTS:--Xms384m -Xmx384m} -XX:+UseSerialGC "${logging[@]}" \
    -cp "$GIVEN_KAFKA_HOME/libs/*" kafka.Kafka "$STATE/kafka/server.properties"
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Topics are declared once, in the program; brokers do not make them up.
broker_topics() {
  tool operator topics create --bootstrap "$BOOTSTRAP" >"$STATE/log/topics.log" 2>&1 || {
    tail -n 5 "$STATE/log/topics.log" >&2
    die 69 "$BOOTSTRAP: không tạo được chủ đề / the topics could not be created ($STATE/log/topics.log)"
  }
}

broker_up() {
  recall_broker
  case $BROKER in
    given) broker_topics ;;
    kafka)
      if ! is_running kafka; then
        [[ -d $STATE/kafka/data ]] || touch "$STATE/run/broker-began"
        kafka_launch
        await kafka "$START_TIMEOUT" port_answers "$BROKER_PORT"
        broker_topics
      fi
      ;;
    embedded)
      if ! is_running development-broker; then
        say "broker phát triển trong bộ nhớ: dữ liệu trên đường mất khi dừng; các dịch vụ sẽ công bố lại"
        say "embedded broker, in memory: what is on the way is lost when it stops; services announce again"
        local program
        program=$(binary development-broker)
        rm -f "$STATE/run/bootstrap"
        launch development-broker "$program" \
          --bootstrap-file "$STATE/run/bootstrap"
        await development-broker "$START_TIMEOUT" test -s "$STATE/run/bootstrap"
        touch "$STATE/run/broker-began"
      fi
      BOOTSTRAP=$(<"$STATE/run/bootstrap")
      ;;
  esac
  remember_broker
}

broker_down() {
  local failed=0
  # A JVM that was asked to end ends with 143.
  stop_process kafka TERM 143 || failed=1
  stop_process development-broker || failed=1
  rm -f "$STATE/run/bootstrap" "$STATE/run/broker"
  return $failed
}

broker_wipe() { rm -rf "$STATE/kafka"; }
