# Building: one build at a time, and none where nothing has changed since the last.

SCRATCH=${TIEMCHUNG_SCRATCH:-$CHECKOUT/.build}

bin_dir() {
  if [[ -n $PREBUILT ]]; then printf '%s' "$PREBUILT"; else printf '%s' "$SCRATCH/$CONFIGURATION"; fi
}

binary() {
  local path
  path=$(bin_dir)/$1
  [[ -x $path ]] || die 69 "không có / there is no $path; deploy/local up builds it"
  printf '%s' "$path"
}

need_swift() {
  command -v swift >/dev/null || die 69 "cần Swift 6.3 / Swift 6.3 is needed: https://www.swift.org/install/linux"
}

# swift_build ARGUMENTS…: under a lock of the checkout's own, so that two stacks never build at once.
swift_build() {
  need_swift
  mkdir -p "$SCRATCH"
  (
    flock 8
    cd "$CHECKOUT" && swift build --scratch-path "$SCRATCH" "$@" 8>&-
  ) 8>"$SCRATCH/.tiemchung-build-lock"
}

build_release() {
  [[ -z $PREBUILT ]] || return 0
  local stamp=$SCRATCH/.tiemchung-built-$CONFIGURATION
  if [[ -f $stamp ]] && [[ -z $(cd "$CHECKOUT" && find Package.swift Services Shared -newer "$stamp" -print -quit) ]]; then
    return 0
  fi
  run_dir
  say "biên dịch / building ($CONFIGURATION) …"
  local start=$SECONDS begun
  begun=$(mktemp)
  swift_build -c "$CONFIGURATION" >"$STATE/log/build.log" 2>&1 || {
    grep -E 'error:|warning:' "$STATE/log/build.log" | head -n 40 >&2 || true
    tail -n 15 "$STATE/log/build.log" >&2
    rm -f "$begun"
    die 70 "biên dịch không thành công / the build failed ($STATE/log/build.log)"
  }
  # What was changed while the build ran is built next time.
  mv "$begun" "$stamp"
  say "xong sau $((SECONDS - start)) giây / built in $((SECONDS - start)) s"
}
