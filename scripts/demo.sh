#!/usr/bin/env bash
# What Oncue does, in one minute and without a network: research a question in Python's own language reference, change one
# thing, and see that only what depends on it runs again. Everything it makes is in the folder demo/.
set -euo pipefail
cd "$(dirname "$0")/.."

ONCUE="$PWD/.venv/bin/oncue"
unset ONCUE_MODEL # the demo needs no model, and pays none
QUESTION="How do generators handle exceptions?"
rm -rf demo && mkdir demo && cd demo

say() { printf '\n== %s\n\n' "$*"; }
oncue() {
  local word
  printf '$ oncue'
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=,-]+$ ]] && printf ' %s' "$word" || printf " '%s'" "$word"
  done
  printf '\n'
  "$ONCUE" "$@"
}

# Answer the question of this type that waits in the inbox.
answer() {
  local question
  question=$("$ONCUE" inbox --json | "$PWD/../.venv/bin/python" -c "
import json, sys
print(next(q['question_id'] for q in json.load(sys.stdin)['questions'] if q['type'] == '$1'))")
  oncue answer "$question" "$2"
}

say "A job is an instance of a workflow. Nothing runs yet."
oncue job create research --param question="$QUESTION" --param corpus=python-docs
ONCUE_JOB=$("$ONCUE" job list --json | "$PWD/../.venv/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["jobs"][0]["job_id"])')
export ONCUE_JOB

say "Run it: the plan, then the progress. It asks which goals to pursue, and whether to search once or in a loop; here a script answers."
oncue job run --no-wait
answer pillar_selection ALL
oncue job run --no-wait
answer run_mode ONCE
oncue job run

say "The report: every quoted sentence is cited, and was checked against its source."
"$ONCUE" job artifact report --file report.md > report.md
head -n 24 report.md

say "Rerun one finding, and only what really changes after it. The same sentences come out, so the report is cut off:"
oncue job rerun --only --step 'finding[2]' --downstream rerun

say "Now say what to change: a comment. Here it steers what is searched for; where a model writes, its prompts carry it. What would happen?"
COMMENT='exclude: pdb; add: "context manager"'
oncue job rerun --only --step 'finding[2]' --comment "$COMMENT" --kind method --reason "the debugger is beside the point" --plan

say "Do it, and see what the step made of the comment. The report stays readable, and is stale:"
oncue job rerun --only --step 'finding[2]' --comment "$COMMENT" --kind method --reason "the debugger is beside the point"
oncue job log 'finding[2]'
oncue job why report

say "Bring everything up to date: only what is stale runs."
oncue job rerun --failed --reason "finish with the better finding"

say "Who ran what, when and why; what people wrote; and what they decided:"
oncue job history
oncue job comments
oncue job decisions

say "And the report says how it came about:"
"$ONCUE" job artifact report --file report.md > report.md
grep -A 4 '^## Method' report.md

say "The report is demo/report.md. Look around: cd demo && export ONCUE_JOB=$ONCUE_JOB && ../.venv/bin/oncue job show"
