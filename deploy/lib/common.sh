# Messages, the lock, processes with pid files.

say() { printf '%s\n' "$*" >&2; }
die() {
  local code=$1
  shift
  printf 'deploy/local: %s\n' "$*" >&2
  exit "$code"
}

run_dir() {
  mkdir -p "$STATE/run" "$STATE/log" "$STATE/keys"
  chmod 700 "$STATE/keys"
}

# Commands that start, stop or load run one at a time: a second one waits, and says for whom. A replay holds the lock
# only while it starts what is missing, so that what is killed under it can be brought back.
# Whoever holds the lock is passed over by what it starts (launch closes the descriptor for daemons).
with_lock() {
  run_dir
  if [[ -n ${LOCK_HELD:-} ]]; then
    "$@"
    return
  fi
  exec 9>>"$STATE/run/lock"
  if ! flock -n 9; then
    say "đang chờ một lệnh khác / waiting for another deploy/local (pid $(cat "$STATE/run/lock.pid" 2>/dev/null || echo '?'))"
    flock -w 900 9 || die 75 "another deploy/local holds $STATE/run/lock for 15 minutes"
  fi
  echo $$ >"$STATE/run/lock.pid"
  LOCK_HELD=1
  # Where the command fails, `set -e` ends the script and with it the lock.
  "$@"
  exec 9>&-
  LOCK_HELD=
}

# When a process was started, in clock ticks: a pid that was given to another process is not ours.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

pid_of() { local pid=; read -r pid _ 2>/dev/null <"$STATE/run/$1.pid" || true; printf '%s' "$pid"; }

# is_running NAME: its process lives and is the one that we started.
is_running() {
  local pid= born=
  [[ -f $STATE/run/$1.pid ]] || return 1
  read -r pid born <"$STATE/run/$1.pid" || [[ -n $pid ]] || return 1
  local state
  state=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f1)
  [[ -n $state && $state != Z ]] || return 1
  [[ -z $born || $born == "$(started_at "$pid")" ]]
}

# launch NAME COMMAND…: starts a daemon in a session of its own; its exit status is kept in NAME.exit.
launch() {
  local name=$1
  shift
  rm -f "$STATE/run/$name.exit" "$STATE/run/$name.pid"
  setsid bash -c '
    name=$1 run=$2; shift 2
    "$@" &
    pid=$!
    trap : TERM INT HUP
    printf "%s %s\n" "$pid" "$(sed "s/.*) //" "/proc/$pid/stat" 2>/dev/null | cut -d" " -f20)" >"$run/$name.pid.new"
    mv "$run/$name.pid.new" "$run/$name.pid"
    while :; do
      wait "$pid"; status=$?
      kill -0 "$pid" 2>/dev/null || break
    done
    echo "$status" >"$run/$name.exit"
  ' launch "$name" "$STATE/run" "$@" >>"$STATE/log/$name.log" 2>&1 </dev/null 9>&- &
  disown
  local tries=0
  until [[ -s $STATE/run/$name.pid ]]; do
    ((++tries < 200)) || die 69 "$name: không khởi động được / did not start ($STATE/log/$name.log)"
    sleep 0.02
  done
}

# await WHAT SECONDS COMMAND…: polls until the command succeeds; fails at once where $1's process has ended.
await() {
  local name=$1 seconds=$2 deadline=$((SECONDS + $2 + 1))
  shift 2
  until "$@"; do
    if ! is_running "$name"; then
      tail -n 15 "$STATE/log/$name.log" >&2 || true
      die 69 "$name: đã dừng khi khởi động / ended while starting, status $(cat "$STATE/run/$name.exit" 2>/dev/null || echo '?') ($STATE/log/$name.log)"
    fi
    if ((SECONDS >= deadline)); then
      tail -n 15 "$STATE/log/$name.log" >&2 || true
      die 69 "$name: chưa sẵn sàng sau $seconds giây / not ready after $seconds s ($STATE/log/$name.log)"
    fi
    sleep 0.1
  done
}

# stop_process NAME [SIGNAL [STATUS]]: ends a process that we started and reports a status other than 0, or STATUS.
stop_process() {
  local name=$1 signal=${2:-TERM} good=${3:-0} pid deadline=$((SECONDS + STOP_TIMEOUT)) status=
  if ! is_running "$name"; then
    rm -f "$STATE/run/$name.pid"
    return 0
  fi
  pid=$(pid_of "$name")
  kill -s "$signal" "$pid" 2>/dev/null || true
  while is_running "$name"; do
    if ((SECONDS >= deadline)); then
      say "$name: không dừng sau $STOP_TIMEOUT giây, buộc dừng / did not stop, killed"
      kill -KILL "$pid" 2>/dev/null || true
      rm -f "$STATE/run/$name.pid"
      return 1
    fi
    sleep 0.05
  done
  local tries=0
  until [[ -s $STATE/run/$name.exit ]] || ((++tries > 40)); do sleep 0.025; done
  status=$(cat "$STATE/run/$name.exit" 2>/dev/null || echo '?')
  rm -f "$STATE/run/$name.pid"
  if [[ $status != 0 && $status != "$good" ]]; then
    say "$name: kết thúc với mã $status / ended with status $status"
    return 1
  fi
}

# secret NAME: a random secret of 32 bytes as hexadecimal, made once and kept.
secret() {
  local file=$STATE/keys/$1
  if [[ ! -s $file ]]; then
    (umask 077 && od -An -tx1 -N32 /dev/urandom | tr -d ' \n' >"$file.new" && mv "$file.new" "$file")
  fi
  printf '%s' "$(<"$file")"
}
