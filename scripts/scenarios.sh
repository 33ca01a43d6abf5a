#!/usr/bin/env bash
# Three scenarios of reruns, on real jobs in a folder that is removed afterwards. Prints what it does and stops at the first
# thing that is not as it should be.
#
#     scripts/scenarios.sh [COMMAND ...]      COMMAND runs Oncue; "oncue" where none is given
set -euo pipefail

ONCUE=("${@:-oncue}")
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
cd "$FOLDER"
unset ONCUE_WORKSPACE ONCUE_JOB

title() { printf '\n== %s\n' "$*"; }
oncue() {
  printf '$ oncue %s\n' "$*" >&2
  "${ONCUE[@]}" "$@"
}
field() { python3 -c "import json, sys; print(eval('d' + sys.argv[1], {'d': json.load(sys.stdin)}))" "$1"; }
expect() { # what, found, expected
  if [ "$2" != "$3" ]; then
    printf 'FAILED: %s is %s, and should be %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
  printf '  ok: %s is %s\n' "$1" "$3"
}
calls() { tr '\n' ' ' < calls.log | sed 's/ $//'; rm -f calls.log; }

cat > pipeline.yaml <<'YAML'
name: pipeline
phases: [gather, write]
steps:
  - {id: fetch, phase: gather, run: "echo fetch >> calls.log; echo 1 2 3"}
  - {id: add, phase: gather, run: "echo add >> calls.log; tr ' ' '\n' < $ONCUE_INPUTS/fetch/stdout | awk '{ sum += $1 } END { print sum }'"}
  - {id: format, phase: write, run: "echo format >> calls.log; echo \"sum $(cat $ONCUE_INPUTS/add/stdout)\""}
  - {id: publish, phase: write, run: "echo publish >> calls.log; test ! -e broken; cat $ONCUE_INPUTS/format/stdout"}
YAML

title "Scenario 1: a finished job is run again, and both runs are in its history"
job=$(oncue job create pipeline.yaml --json | field "['job_id']")
oncue job run "$job" --json > run.json
expect "the first run" "$(field "['run']['status']" < run.json)" succeeded
expect "what executed" "$(calls)" "fetch add format publish"
oncue job rerun "$job" --json > run.json
expect "the second run" "$(field "['run']['status']" < run.json)" succeeded
expect "what executed" "$(calls)" "fetch add format publish"
oncue job history "$job"
oncue job history "$job" --json > history.json
expect "the history" "$(field "['runs'][0]['number'], d['runs'][1]['number']" < history.json)" "(1, 2)"

title "Scenario 2: single steps, an interruption, and a rerun after the last finished step"
job=$(oncue job create pipeline.yaml --json | field "['job_id']")
oncue job step "$job" --json > /dev/null
oncue job step "$job" --json > run.json
expect "the run after two steps" "$(field "['run']['status']" < run.json)" waiting
expect "what executed" "$(calls)" "fetch add"
oncue job cancel "$job"
oncue job rerun "$job" --step 3 --json > run.json
expect "the rerun from step 3" "$(field "['run']['status']" < run.json)" succeeded
expect "what executed" "$(calls)" "format publish"
oncue job history "$job"
oncue job history "$job" --json > history.json
expect "how the runs ended" "$(field "['runs'][0]['status'], d['runs'][1]['status']" < history.json)" "('cancelled', 'succeeded')"
expect "where the rerun began" "$(field "['runs'][1]['from_step']" < history.json)" format
expect "what it reused" "$(field "['runs'][1]['reused']" < history.json)" "['fetch', 'add']"

title "Scenario 3: a step fails, is repaired, and is run again"
job=$(oncue job create pipeline.yaml --json | field "['job_id']")
touch broken
status=0
oncue job run "$job" --json > run.json || status=$?
expect "the exit code of a failed run" "$status" 1
expect "the run" "$(field "['run']['status']" < run.json)" failed
expect "what executed" "$(calls)" "fetch add format publish"
rm broken
oncue job rerun "$job" --step publish --json > run.json
expect "the rerun" "$(field "['run']['status']" < run.json)" succeeded
expect "what executed" "$(calls)" "publish"
expect "the result" "$(oncue job artifact "$job" publish 2> /dev/null)" "sum 6"

printf '\nAll three scenarios are as they should be.\n'
