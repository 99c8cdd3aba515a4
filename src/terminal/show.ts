// What the person sees of a run, event by event. Draws on stderr; stdout is for data.
import { unreachable } from '../errors.ts';
import type { Event } from '../events.ts';
import { howItEnded } from '../handlers/checks.ts';
import type { Task } from '../runbook/task.ts';
import { headLines, planRows } from './announcement.ts';
import { type ChangeEvent, sentencesOf } from './changes.ts';
import {
  sayEnd,
  sayFoundError,
  sayInterrupted,
  sayLeftRunning,
  sayNotSaved,
  sayPutBack,
  sayTaken,
  sayUpNext,
} from './endings.ts';
import { asSentence, inOneWrite, Page, type Screen } from './page.ts';
import { sayCheck, sayPrompt, sayProposal, sayReviewPoints } from './review.ts';
import { ScriptOutput } from './scriptOutput.ts';
import { whenAgain } from './times.ts';
import { fit, money, oneLine, plural } from './words.ts';

export function makeShow(screen: Screen): (event: Event) => void {
  const show = new Show(screen);
  return inOneWrite((event) => show.event(event));
}

class Show {
  readonly #page: Page;
  readonly #output: ScriptOutput;
  /** The task whose first line stands already: a question had to be asked before the rest could be said. */
  #headed: string | undefined;
  /** What is said beside the time while a script runs. */
  #saidOfScript: string | undefined;

  constructor(screen: Screen) {
    this.#page = new Page(screen);
    const { palette } = screen;
    this.#output = new ScriptOutput(this.#page, (taskId) => `  ${palette.dim(`${this.#whose(taskId)}│`)} `);
  }

  event(event: Event): void {
    const page = this.#page;
    const { palette } = page;
    switch (event.kind) {
      case 'modelLacking':
        this.#head(event);
        page.sayBelow(asSentence(page.line(event.why)));
        break;
      case 'announced':
        this.#announce(event);
        break;
      case 'output':
        this.#output.add(event.taskId, event.text);
        break;
      case 'scriptEnded':
        this.#output.flush(event.taskId);
        if (!event.ok && event.attempt < event.attempts)
          page.say(
            `  ${this.#whose(event.taskId)}${palette.bad('✘')} ${page.line(howItEnded(event.result))}; attempt ${event.attempt + 1} of ${event.attempts} starts`,
          );
        break;
      case 'checkStarted':
        page.atWork(event.taskId, `checking: ${page.line(event.name)}`);
        break;
      case 'checkEnded':
        sayCheck(page, event);
        break;
      case 'promptSent':
        // Who pastes has the terminal to themselves.
        if (event.provider !== 'paste') page.footer.run('waiting for the reply');
        break;
      case 'promptShown':
        sayPrompt(page, event.text);
        break;
      case 'replyProgress':
        page.footer.say(
          [event.text === '' ? 'thinking' : '', plural(event.tokens, 'token'), event.cost ? money(event.cost) : '']
            .filter(Boolean)
            .join(' · '),
        );
        break;
      case 'replyDelayed':
        page.sayBelow(`${palette.bad('✘')} ${page.line(event.why)}; asking again ${whenAgain(event.waitMs)}`);
        page.footer.run('waiting for the reply');
        break;
      case 'replyBroken':
      case 'replyReceived':
        page.footer.stop();
        break;
      case 'replyFailed':
        page.sayBelow(`${palette.bad('✘')} ${page.line(event.detail)}`);
        break;
      case 'retried':
        page.sentence(
          `  ${palette.dim('↻')} what was wrong goes back to the model: retry ${event.attempt} of ${event.of}`,
        );
        break;
      case 'uncommitted':
        page.sayBelow(
          `${palette.bad('!')} ${event.paths.map(oneLine).join(' and ')} ${event.paths.length === 1 ? 'has' : 'have'} changes of yours that no commit has; accepting replaces them`,
        );
        break;
      case 'proposed':
        sayProposal(page, event);
        break;
      case 'reviewPoints':
        sayReviewPoints(page, event.points);
        break;
      case 'ended':
        this.#over(event.taskId);
        sayEnd(page, event);
        break;
      case 'fileWritten':
        page.say(`  ${palette.dim(`wrote ${page.line(event.path)}`)}`);
        break;
      case 'fileRemoved':
        page.say(`  ${palette.dim(`removed ${page.line(event.path)}`)}`);
        break;
      case 'committed':
        page.say(`  ${palette.dim(fit(`commit ${event.commit}  ${page.line(event.message)}`, page.columns - 2))}`);
        break;
      case 'handWon':
        page.running.delete(event.taskId);
        this.#change(event);
        break;
      case 'handEdit':
      case 'planEdited':
      case 'templateEdited':
      case 'recovered':
      case 'artifactChanged':
      case 'artifactRestored':
        this.#change(event);
        break;
      case 'foundInterrupted':
        sayInterrupted(page, event);
        break;
      case 'foundError':
        sayFoundError(page, event);
        break;
      case 'notSaved':
        this.#output.flush(event.taskId);
        sayNotSaved(page, event);
        break;
      case 'putBack':
        this.#over(event.taskId);
        sayPutBack(page, event);
        break;
      case 'leftRunning':
        this.#over(event.taskId);
        sayLeftRunning(page, event);
        break;
      case 'statusSet':
        if (!page.screen.quiet)
          page.say(`${oneLine(event.taskId)}  ${palette.status(event.from)} → ${palette.status(event.to)}`);
        break;
      case 'upNext':
        sayUpNext(page, event);
        break;
      case 'note':
        for (const line of page.text(event.text).trimEnd().split('\n')) page.sayBelow(line);
        break;
      case 'started':
        if (event.takenBy !== undefined) sayTaken(page, event.taskId, event.takenBy);
        else page.running.add(event.taskId);
        if (this.#saidOfScript !== undefined) page.atWork(event.taskId, this.#saidOfScript);
        break;
      case 'readied':
      case 'decided':
      case 'checkpoint':
      // Told by the command whose work it is.
      case 'planChanged':
        break;
      default:
        unreachable(event);
    }
  }

  /** Where several are at work, whose the line is. */
  #whose(taskId: string): string {
    return this.#page.screen.sideBySide ? `${oneLine(taskId)} ` : '';
  }

  #announce({ task, step, of, plan }: Event & { kind: 'announced' }): void {
    const page = this.#page;
    this.#saidOfScript = plan.kind === 'script' ? 'running' : undefined;
    const head = this.#headed === task.id ? [] : headLines(page, { task, step, of });
    this.#headed = undefined;
    const rows = planRows(page, plan, task.description);
    // In one write.
    page.say(...head, ...rows, ...(page.screen.sideBySide && plan.kind === 'script' ? [] : ['']));
  }

  #head(first: { task: Task; step: number; of: number }): void {
    this.#page.say(...headLines(this.#page, first));
    this.#headed = first.task.id;
  }

  #over(taskId: string): void {
    this.#output.flush(taskId);
    this.#page.running.delete(taskId);
  }

  #change(event: ChangeEvent): void {
    const page = this.#page;
    for (const sentence of sentencesOf(event, page.palette, (text) => page.line(text))) page.sentence(sentence);
  }
}
