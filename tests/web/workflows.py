"""Small workflows that the tests of the web run."""

CHAIN = """\
name: chain
params:
  region: us
phases: [gather, refine, publish]
steps:
  - {id: fetch, phase: gather, run: "echo data from {{ params.region }}"}
  - {id: clean, phase: gather, run: "echo reading >&2; tr a-z A-Z < $ONCUE_INPUTS/fetch/stdout"}
  - {id: count, phase: refine, run: "echo ${ONCUE_COMMENT:-no comment}; wc -c < $ONCUE_INPUTS/clean/stdout"}
  - {id: report, phase: publish, run: "cat $ONCUE_INPUTS/count/stdout"}
"""

ASKING = """\
name: asking
steps:
  - id: choose
    ask: {type: pillar_selection, message: "Which pillar?", options: [water, sun]}
  - {id: use, run: "cat $ONCUE_INPUTS/choose/answer"}
"""

HOLDING = """\
name: holding
steps:
  - {id: hold, run: "cat gate"}
"""

WORKFLOWS = {"chain.yaml": CHAIN, "asking.yaml": ASKING, "holding.yaml": HOLDING}
