// A plan in the middle of its walk: a task in every status and of every type, alone in the runbook or with its own file.
export const releaseFiles = {
  'runbook.yaml': `name: release-runbook
tasks:
  - id: run_tests
    name: Run every test
    status: DONE
    type: AUTOMATED_SCRIPT
    script_details: npm test
    tags: [slow]
    last_run: {timestamp: "2026-11-20T10:00:00.000Z", outcome: SUCCESS}
  - id: draft_notes
    name: "Phase 1 / Draft the release notes"
    status: SKIPPED
    depends_on: [run_tests]
    task_detail_file: tasks/draft_notes.yaml
    type: AI_ASSISTED
  - id: pack
    name: Pack it, in a file with a name that is longer than what fits on a line of eighty columns
    status: ERROR
    depends_on: [run_tests]
    task_detail_file: tasks/pack.yaml
  - {id: sign, status: RUNNING, depends_on: [run_tests]}
  - id: read_notes
    name: Read the notes
    status: READY
    tags: [by hand]
    manual_instructions: [Open them, Read them aloud]
  - id: publish
    name: Publish
    depends_on: [draft_notes, pack]
  - {id: announce, name: Announce, depends_on: [publish]}
  - {id: late, status: READY, depends_on: [publish]}
`,
  'tasks/draft_notes.yaml': `id: draft_notes
name: Draft the release notes
status: SKIPPED
description: |
  From git log.
  For users, not for us.
type: AI_ASSISTED
ai_details:
  model: gpt-4o-mini
  prompt_template: prompt_templates/notes.txt
  input_context: {version: 0.2.0, audience: [users, packagers]}
  output_parser: markdown_code_block
  review_points: [Each breaking change says what to do, No hashes]
  fallback_prompt_template: prompt_templates/notes_simple.txt
output_artifact: outputs/notes.md
checks: [{name: no hashes, command: "! grep -E '[0-9a-f]{7}' outputs/notes.md"}, "test -s outputs/notes.md"]
last_run:
  timestamp: "2026-11-20T10:00:00.000Z"
  outcome: FAILURE
  llm_response: "# 0.2.0"
  cost_estimate: {cost_usd: 0.0012}
`,
  'tasks/pack.yaml': `id: pack
status: ERROR
type: AUTOMATED_SCRIPT
script_details: {command: npm pack, cwd: tasks, timeout: 90s}
tags: [slow]
issues:
  - {timestamp: "2026-01-01T00:00:00.000Z", type: TIMEOUT, detail: "was ended after 60 s", resolution: "A longer timeout"}
  - {timestamp: "2026-01-02T00:00:00.000Z", type: SCRIPT_ERROR, detail: "exit 1\\nnpm error code E403"}
`,
};
