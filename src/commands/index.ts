// Every command by name, with its line in the help. A command's file is loaded only when it is called.
import type { Command } from 'commander';
import type { Action, Work } from './context.ts';
import { alone, define } from './status.ts';

export interface CommandFile {
  /** Adds arguments, flags, examples and the action to a command that has its name and summary already. */
  readonly define: (command: Command, action: Action) => void;
  /** What it does without words and flags of its own, where it is called often so. */
  readonly alone?: Work<[]>;
  /** The same with one id or several. */
  readonly withIds?: Work<[ids: string[]]>;
}

interface Listed {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly group: 'Work' | 'See' | 'Write' | 'Check' | 'Serve';
  /** Whether it only looks, and waits for nothing: then a signal may end it anywhere. */
  readonly onlyLooks?: boolean;
  readonly load: () => Promise<CommandFile>;
}

export const COMMANDS: readonly Listed[] = [
  {
    name: 'next',
    group: 'Work',
    summary: 'do the next READY task, then say what comes after it',
    load: () => import('./next.ts'),
  },
  { name: 'run', group: 'Work', summary: 'go on until finished, blocked or in error', load: () => import('./run.ts') },
  {
    name: 'start',
    group: 'Work',
    summary: 'take a task, to carry it out elsewhere',
    load: () => import('./start.ts'),
  },
  { name: 'done', group: 'Work', summary: 'mark a task DONE that you did elsewhere', load: () => import('./done.ts') },
  {
    name: 'error',
    group: 'Work',
    summary: 'mark a task ERROR, and keep what is wrong with it',
    load: () => import('./error.ts'),
  },
  { name: 'skip', group: 'Work', summary: 'mark a task SKIPPED', load: () => import('./skip.ts') },
  { name: 'retry', group: 'Work', summary: 'make a task in ERROR READY again', load: () => import('./retry.ts') },
  {
    name: 'reset',
    group: 'Work',
    summary: 'make a DONE, SKIPPED or taken task READY again',
    load: () => import('./reset.ts'),
  },
  {
    name: 'status',
    group: 'See',
    summary: 'where the playbook stands, on one screen (also: runbook alone)',
    onlyLooks: true,
    // The one that is meant where none is named, and small.
    load: async () => ({ alone, define }),
  },
  {
    name: 'list',
    aliases: ['ls'],
    group: 'See',
    summary: 'every task with its status',
    load: () => import('./list.ts'),
  },
  { name: 'show', group: 'See', summary: 'everything about one task', load: () => import('./show.ts') },
  {
    name: 'why',
    group: 'See',
    summary: 'why a task has its status, and what moves it on',
    load: () => import('./why.ts'),
  },
  {
    name: 'graph',
    group: 'See',
    summary: 'which task follows which: as text, Mermaid, DOT or SVG',
    load: () => import('./graph.ts'),
  },
  {
    name: 'prompt',
    group: 'See',
    summary: 'what would be sent to a model, its size, and where it comes from',
    load: () => import('./prompt.ts'),
  },
  {
    name: 'history',
    aliases: ['log'],
    group: 'See',
    summary: 'what happened, when, by whom, and what it cost',
    load: () => import('./history.ts'),
  },
  {
    name: 'report',
    group: 'See',
    summary: 'what happened, to be sent to somebody: Markdown, or one HTML file',
    load: () => import('./report.ts'),
  },
  {
    name: 'init',
    group: 'Write',
    summary: 'write a small playbook that runs at once',
    load: () => import('./init.ts'),
  },
  {
    name: 'add',
    group: 'Write',
    summary: 'add a task at its place, by flags or by questions',
    load: () => import('./add.ts'),
  },
  {
    name: 'import',
    group: 'Write',
    summary: 'make a Markdown plan into a runbook, or merge its changes',
    load: () => import('./import.ts'),
  },
  {
    name: 'export',
    group: 'Write',
    summary: 'print the runbook as a Markdown checklist',
    load: () => import('./export.ts'),
  },
  {
    name: 'edit',
    group: 'Write',
    summary: 'open a task in your editor, at its line',
    load: () => import('./edit.ts'),
  },
  {
    name: 'validate',
    group: 'Check',
    summary: 'find every mistake in the YAML and the templates',
    load: () => import('./validate.ts'),
  },
  {
    name: 'doctor',
    group: 'Check',
    summary: 'what is wrong with the machine, the runbook or its models',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'schema',
    group: 'Check',
    summary: 'print the JSON Schema of the YAML files',
    load: () => import('./schema.ts'),
  },
  {
    name: 'completion',
    group: 'Serve',
    summary: 'print the script by which a shell completes commands and ids',
    load: () => import('./completion.ts'),
  },
  {
    name: 'skill',
    group: 'Serve',
    summary: 'print the skill file for a coding agent that works the runbook',
    load: () => import('./skill.ts'),
  },
];
