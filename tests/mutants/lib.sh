# shellcheck shell=bash
# Sourced by the lists of mutants beside it: breaks the sources in one way after the other, and proves that the unit
# tests notice each.
#
# `mutants` prints a name, a source and a sed script on each line, with tabs between. One that changes nothing, or that
# every test survives, is an error. PROGRAMS are the test programs to be asked, in this order; FILTER says, as GoogleTest
# does, which of their tests.

# With a new time of modification, so that ninja does not leave the mutant compiled.
restore() { if [ -n "${saved:-}" ]; then cp "$saved" "$file" && rm -f "$saved"; fi; saved=; }
trap restore EXIT

# What a mutant leaves unused is no reason not to compile it.
allow_unused() { # FILE
  local warning
  for warning in variable but-set-variable parameter function; do
    sed -i "1i #pragma GCC diagnostic ignored \"-Wunused-$warning\"" "$1"
  done
}

# The first test that fails tells that the mutant is caught.
is_caught() {
  local program
  ninja -C build/dev "${PROGRAMS[@]}" >/tmp/mutant-build.log 2>&1 || { tail -n 20 /tmp/mutant-build.log >&2; return 2; }
  for program in "${PROGRAMS[@]}"; do
    if ! build/dev/bin/"$program" --gtest_filter="${FILTER:-*}" --gtest_fail_fast --gtest_brief=1 >/tmp/mutant-test.log 2>&1; then
      sed -n 's/^\[  FAILED  \] \([^ ,]*\).*/\1/p' /tmp/mutant-test.log | head -n 1
      return 0
    fi
  done
  return 1
}

# Does each still change something? Takes no time: `--check`, which the tests run.
check_mutants() {
  local status=0 name file script
  while IFS=$'\t' read -r name file script; do
    if sed "$script" "$file" | cmp -s - "$file"; then
      echo "$name: changes nothing in $file" >&2
      status=1
    fi
  done < <(mutants)
  return $status
}

run_mutants() { # [NAME...]
  if [ "${1:-}" = --check ]; then
    check_mutants
    return
  fi
  local status=0 name script test_name caught
  while IFS=$'\t' read -r name file script; do
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    saved=$(mktemp)
    cp -p "$file" "$saved"
    sed -i "$script" "$file"
    if cmp -s "$file" "$saved"; then
      echo "$name: changes nothing in $file" >&2
      status=1
    else
      allow_unused "$file"
      caught=0
      test_name=$(is_caught) || caught=$?
      case $caught in
        0) echo "$name: caught by ${test_name:-a crash}" ;;
        2) echo "$name: DOES NOT COMPILE" >&2 ;;
        *) echo "$name: SURVIVES" >&2 ;;
      esac
      if [ "$caught" != 0 ]; then status=1; fi
    fi
    restore
  done < <(mutants)
  return $status
}
