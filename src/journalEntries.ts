// Which events the journal keeps, and how each is told in it.
import { unreachable } from './errors.ts';
import type { Event } from './events.ts';
import type { Status } from './runbook/vocabulary.ts';

/** All of a line but when it was written, and by which run. */
export interface Entry {
  readonly task_id: string | undefined;
  readonly event_type: string;
  readonly status_change: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** Undefined for an event that is only shown. */
export function entryOf(event: Event): Entry | undefined {
  switch (event.kind) {
    case 'started':
      return entry('START_TASK', event, startDetails(event));
    case 'checkpoint':
      return entry('CHECKPOINT', { taskId: undefined }, { tasks: event.tasks });
    case 'ended':
      return entry(END_TYPES[event.to] ?? 'MANUAL_ACTION', event, {
        ...endDetails(event),
        ...aheadOf(event),
      });
    case 'handEdit':
      return entry('HAND_EDIT', event, { at: event.at, mended: event.mended });
    case 'planEdited':
      return entry('HAND_EDIT', { taskId: event.taskId }, editDetails(event));
    case 'planChanged':
      return entry('CHANGE_PLAN', { taskId: event.taskId }, { command: event.command, ...editDetails(event) });
    case 'templateEdited':
      return entry('HAND_EDIT', { taskId: event.taskId }, { path: event.path, from: event.from, to: event.to });
    case 'recovered':
      return entry('RECOVER_TASK', event, { at: event.at, mended: event.mended });
    case 'readied':
      return entry('READY_TASK', event, aheadOf(event));
    case 'putBack':
      return entry('LEAVE_TASK', event, { why: event.why, taken_by: event.takenBy });
    case 'leftRunning':
      return entry('INTERRUPT_TASK', event);
    case 'statusSet':
      return entry('MANUAL_ACTION', event, {
        command: event.command,
        reason: event.reason,
        taken_by: event.takenBy,
      });
    case 'decided':
      return entry('MANUAL_ACTION', event, {
        decision: event.decision,
        by: event.by,
        detail: event.detail,
        ...(event.manualEdit ? { manual_edit: true } : {}),
      });
    case 'handWon':
      return entry('HAND_EDIT', { ...event, to: event.theirs }, { at: event.at, not_written: event.ours });
    case 'notSaved':
      return entry('UNSAVED_TASK', { ...event, from: event.to });
    case 'scriptEnded':
      return entry('RUN_SCRIPT', event, {
        command: event.command,
        exit_code: event.result.exitCode,
        end: event.result.end,
        ms: event.result.ms,
        attempt: event.attempt,
        log: event.log,
      });
    case 'checkEnded':
      return entry('CHECK_RUN', event, {
        name: event.name,
        command: event.command,
        ok: event.ok,
        exit_code: event.result.exitCode,
        ms: event.result.ms,
      });
    case 'promptSent':
      return entry('AI_PROMPT_SENT', event, {
        model: event.model,
        provider: event.provider,
        template: event.template,
        tokens_estimated: event.tokens,
        attempt: event.attempt,
        prompt: event.log,
        sha256: event.sha256,
      });
    case 'replyReceived':
      return entry('AI_RESPONSE_RECEIVED', event, {
        model: event.model,
        provider: event.provider,
        ms: event.ms,
        input_tokens: event.usage.inputTokens,
        output_tokens: event.usage.outputTokens,
        cost_usd: event.usage.cost,
        reply: event.log,
        sha256: event.sha256,
        snippet: event.snippet,
      });
    case 'replyDelayed':
      return entry('AI_RESPONSE_DELAYED', event, { why: event.why, wait_ms: Math.round(event.waitMs) });
    case 'replyBroken':
      return entry('AI_RESPONSE_BROKEN', event, {
        model: event.model,
        provider: event.provider,
        input_tokens: event.usage.inputTokens,
        output_tokens: event.usage.outputTokens,
        cost_usd: event.usage.cost,
        at_least: true,
        ms: event.ms,
      });
    case 'replyFailed':
      return entry('AI_RESPONSE_FAILED', event, { type: event.issueType, detail: event.detail });
    case 'retried':
      return entry('AUTO_RETRY', event, { attempt: event.attempt, of: event.of });
    case 'fileWritten':
      return entry('FILE_WRITTEN', event, { path: event.path, bytes: event.bytes, sha256: event.sha256 });
    case 'fileRemoved':
      return entry('FILE_REMOVED', event, { path: event.path });
    case 'artifactChanged':
      return entry('HAND_EDIT', event, { paths: event.paths });
    case 'artifactRestored':
      return entry('FILE_RESTORED', event, { path: event.path, kept: event.kept });
    case 'committed':
      return entry('GIT_COMMIT', event, { commit: event.commit, message: event.message });
    case 'foundInterrupted':
    case 'foundError':
    case 'modelLacking':
    case 'announced':
    case 'output':
    case 'checkStarted':
    case 'promptShown':
    case 'replyProgress':
    case 'proposed':
    case 'uncommitted':
    case 'reviewPoints':
    case 'upNext':
    case 'note':
      return undefined;
    default:
      return unreachable(event);
  }
}

const END_TYPES: Partial<Record<Status, string>> = { DONE: 'COMPLETE_TASK', ERROR: 'ERROR_TASK', SKIPPED: 'SKIP_TASK' };

function entry(
  eventType: string,
  event: { taskId: string | undefined; from?: Status; to?: Status },
  details?: Record<string, unknown>,
): Entry {
  const { taskId, from, to } = event;
  return { task_id: taskId, event_type: eventType, status_change: from && to && `${from} -> ${to}`, details };
}

function startDetails(event: Event & { kind: 'started' }): Record<string, unknown> | undefined {
  return event.takenBy === undefined ? aheadOf(event) : { taken_by: event.takenBy, ...aheadOf(event) };
}

function aheadOf({ inFiles }: { inFiles?: Status | undefined }): Record<string, unknown> | undefined {
  return inFiles && { in_files: inFiles };
}

/** `change` says of what kind it is: field, added, removed, renamed, moved. */
function editDetails({ edit, at }: Event & { kind: 'planEdited' | 'planChanged' }): Record<string, unknown> {
  const { kind: change, taskId: _, ...rest } = edit;
  return { change, ...rest, at };
}

function endDetails(event: Event & { kind: 'ended' }): Record<string, unknown> {
  const { record } = event;
  return {
    command: event.command,
    taken_by: event.takenBy,
    ms: record.ms,
    reason: record.reason,
    log: record.log,
    ...(record.usage
      ? {
          cost_usd: record.usage.cost,
          input_tokens: record.usage.inputTokens,
          output_tokens: record.usage.outputTokens,
        }
      : {}),
    ...(record.issues.length > 0 ? { issues: record.issues } : {}),
    // With `issues`, all that goes into the task's files: if this process ends here, the next one writes it there.
    resolution: record.resolution,
    last_run: record.lastRun,
  };
}
