# All tests: warnings are errors, format, contract, unit tests, then the system tests over a release build.

command_test() {
  [[ $# -eq 0 ]] || die 64 "test không có tham số / takes no argument"
  run_dir
  install_packages
  need_swift
  local passed=0 failed=0 begun=$SECONDS script
  step "kiểm tra định dạng / format" swift_format
  step "hợp đồng / contract" "$CHECKOUT/Shared/Contracts/generate" --check
  step "biên dịch / build, warnings are errors" swift_build --build-tests -Xswiftc -warnings-as-errors
  say "== kiểm thử đơn vị / unit tests"
  unit_tests
  # What the system tests drive.
  build_release
  for script in "$CHECKOUT"/Tests/System/*.sh "$CHECKOUT"/Tests/System/*.py; do
    system_test "$script"
  done
  printf 'tests: %s passed, %s failed (%s s)\n' "$passed" "$failed" $((SECONDS - begun))
  ((failed == 0))
}

# step NAME COMMAND…: a check that stops everything where it fails.
step() {
  local name=$1
  shift
  say "== $name"
  "$@" >"$STATE/log/test-step.log" 2>&1 </dev/null || {
    grep -E 'error:|warning:' "$STATE/log/test-step.log" | sort -u | head -n 60 >&2 || true
    tail -n 30 "$STATE/log/test-step.log" >&2
    die 70 "$name: không đạt / failed"
  }
}

swift_format() {
  need_swift
  (cd "$CHECKOUT" && swift format lint --strict --parallel -r Package.swift Services Shared Tests)
}

# The test targets, one process each: suites that wait for servers would starve each other's two threads in one.
unit_tests() {
  local target
  for target in "$CHECKOUT"/Tests/Shared/*Tests "$CHECKOUT"/Tests/Services/*Tests; do
    target=${target##*/}
    unit_test "$target" || unit_test "$target" again || true
  done
}

# unit_test TARGET [again]: a target that fails is run once more, and that is said; its second answer counts.
unit_test() {
  local target=$1 again=${2:-} log=$STATE/log/unit-$1.log status=0 run bad begun=$SECONDS
  (cd "$CHECKOUT" && timeout -s KILL 300 swift test --skip-build --scratch-path "$SCRATCH" -Xswiftc -warnings-as-errors \
    --filter "^$target\\.") >"$log" 2>&1 </dev/null || status=$?
  # "Test run with 512 tests in 40 suites passed after …"
  run=$(sed -n 's/.*Test run with \([0-9]*\) tests.*/\1/p' "$log" | paste -sd+)
  run=$((${run:-0}))
  bad=$(grep -E '^✘ Test .* failed after' "$log" | grep -vcE '^✘ Test run with' || true)
  if ((status != 0)); then
    grep -E '^✘|error:|Fatal|recorded an issue' "$log" | head -n 40 >&2 || tail -n 40 "$log" >&2
    ((bad > 0)) || bad=1
    if [[ -z $again ]]; then
      say "   $target: $bad failed ($((SECONDS - begun)) s); once more"
      return 1
    fi
  elif ((run == 0)); then
    say "   $target: no test was run"
    bad=1
  fi
  ((run >= bad)) || run=$bad
  passed=$((passed + run - bad))
  failed=$((failed + bad))
  say "   $target: $((run - bad)) passed, $bad failed ($((SECONDS - begun)) s)${again:+, second run}"
}

# A system test prints `N passed, N failed` and ends with 0 where nothing failed. The harness is no test, and the
# benchmark is a command of its own. What fails is run once more, and that is said; its second answer counts, except where
# two outcomes differed: that is not left to a second try.
system_test() {
  local script=$1 name log again=()
  name=$(basename "$script")
  [[ -x $script && $name != harness.py && $name != bench.py ]] || return 0
  log=$STATE/log/system-$name.log
  say "== $name"
  system_run "$log" "$script" && return 0
  mapfile -t again < <(sed -n 's/^FAILED: \([a-z_]*\) .*/\1/p' "$log")
  if [[ $name == *.py ]] && ! grep -q 'differ' "$log"; then
    failed=$((failed - (${#again[@]} > 0 ? ${#again[@]} : 1)))
    say "   once more: ${again[*]:-$name}"
    system_run "$log" "$script" "${again[@]}" || true
  fi
}

# system_run LOG COMMAND…: adds its counts to `passed` and `failed`.
system_run() {
  local log=$1 status=0 counts bad begun=$SECONDS
  shift
  "$@" >"$log" 2>&1 </dev/null || status=$?
  counts=$(grep -oE '[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
  if [[ -n $counts ]]; then
    passed=$((passed + ${counts%% *}))
    bad=${counts#*, }
    bad=${bad%% *}
    ((status == 0 || bad > 0)) || bad=1
    failed=$((failed + bad))
  else
    failed=$((failed + 1))
    counts="ended with $status and no count"
  fi
  if ((status != 0)); then tail -n 40 "$log" >&2; fi
  say "   $counts ($((SECONDS - begun)) s)"
  return "$status"
}
