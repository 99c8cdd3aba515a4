// The skill file: what a coding agent must know to work a runbook through this command line. It is read anew with each task, so that
// each of its words costs.
export const SKILL = `---
name: runbook
description: Works through the plan in a runbook.yaml with the runbook command. Use it where a project has a runbook.yaml, or when asked to take, do, or give back one of its tasks.
---

# Work a runbook

runbook.yaml is a plan: tasks with a status, PENDING (waits for others), READY, RUNNING, DONE, ERROR or SKIPPED. The plan belongs to
the person. Change a status with these commands alone, not in the YAML. With \`--json\`, each prints one object on stdout
(\`data\`), or one on stderr (\`error\`: \`message\`, \`at\`, \`hint\`; do what the hint says). Nothing ever asks without a terminal.

## One task

See how it stands, and which tasks may start:

\`\`\`sh
runbook status --json
runbook list --ready --json
\`\`\`

Work on the first one, unless the person named another. If nothing is READY, or a task is in ERROR, tell the person and stop.
Read what there is to do:

\`\`\`sh
runbook show ID --json
\`\`\`

By its \`type\`:

- MANUAL: \`manual_instructions\` say what to do.
- AI_ASSISTED: \`runbook prompt ID --json\` has the prompt (\`text\`). Your answer is the text of the file \`output_artifact\`;
  mind \`review_points\`.
- AUTOMATED_SCRIPT: do not take it. Let it run with \`runbook next --start-from ID --no-input --json\`; exit 0 is DONE.

Take it before you change anything, under a name by which the person knows you:

\`\`\`sh
runbook start ID --by NAME --json
\`\`\`

Exit 5: somebody has it. Choose another one; do not use \`--force\`. Do the work, and nothing beyond it. Then give it back:

\`\`\`sh
runbook done ID --reason "what you did" --json
\`\`\`

Its checks decide. Exit 1: one failed, \`message\` has its output, and the task is still yours. Mend the work, not the check, and say
\`done\` again. \`--unchecked\` and \`skip\` are for the person.

If it can't be done, say what stands in the way. The plan stops there until the person has seen it:

\`\`\`sh
runbook error ID --reason "what is wrong, and what would help" --json
\`\`\`

If you only stop, and left nothing half done, somebody else may take it:

\`\`\`sh
runbook reset ID --reason "why" --json
\`\`\`

## What a task waits for, and what happened to it

\`\`\`sh
runbook why ID --json
runbook history ID --json
\`\`\`

## Exit status

0 well · 1 a check failed, or a task is in ERROR · 2 the command or a file is wrong · 3 work remains, nothing is READY · 4 a person must
decide: ask them · 5 somebody has it
`;
