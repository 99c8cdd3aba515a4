// What the person sees of a run, event by event. Draws on stderr; stdout is for data.
import { unreachable } from '../errors.ts';
import type { Event, StepPlan, Usage } from '../events.ts';
import { howItEnded } from '../handlers/checks.ts';
import { openIssue, type Task } from '../runbook/task.ts';
import { type ChangeEvent, sentencesOf } from './changes.ts';
import type { Palette } from './colour.ts';
import { redacted, showProposal } from './diff.ts';
import { type Footer, footer } from './footer.ts';
import { renderMarkdown } from './markdown.ts';
import { columnsOf, say, sayWhole, write } from './streams.ts';
import {
  ago,
  asCommand,
  count,
  duration,
  fit,
  flow,
  harmless,
  money,
  oneLine,
  plural,
  spread,
  WIDEST,
  wrap,
} from './words.ts';

export interface Screen {
  readonly palette: Palette;
  /** Whether stderr is a terminal: only there does anything move. */
  readonly live: boolean;
  readonly quiet: boolean;
  /** Whether several scripts may be at work at once: each line then says whose it is. */
  readonly sideBySide: boolean;
  readonly now: () => Date;
  /** Takes the values of secrets out of a text. */
  readonly redact: (text: string) => string;
}

const DIFF_LINES = 40;
/** In characters. A longer one is shown in several: to wait for its end would be to keep all of it. */
const LONGEST_LINE = 1 << 16;

export function makeShow(screen: Screen): (event: Event) => void {
  const show = new Show(screen);
  return (event) => show.event(event);
}

class Show {
  readonly #screen: Screen;
  readonly #footer: Footer;
  /** The beginnings of lines of output whose end has not come yet, by task. */
  readonly #partial = new Map<string, string>();
  readonly #running = new Set<string>();
  #printed = false;
  /** The task whose first line stands already: a question had to be asked before the rest could be said. */
  #headed: string | undefined;
  /** What is said beside the time while a script runs. */
  #saidOfScript: string | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#footer = footer(screen.live);
  }

  event(event: Event): void {
    const { palette, quiet } = this.#screen;
    switch (event.kind) {
      case 'modelLacking':
        this.#head(event);
        this.#sayWrapped(this.#line(event.why));
        break;
      case 'announced':
        this.#announce(event);
        break;
      case 'output':
        this.#output(event.taskId, event.text);
        break;
      case 'scriptEnded':
        this.#flush(event.taskId);
        if (!event.ok && event.attempt < event.attempts)
          this.#say(
            `  ${palette.bad('✘')} ${this.#line(howItEnded(event.result))}; attempt ${event.attempt + 1} of ${event.attempts} starts`,
          );
        break;
      case 'checkStarted':
        this.#atWork(event.taskId, `checking: ${this.#line(event.name)}`);
        break;
      case 'checkEnded':
        this.#checked(event);
        break;
      case 'promptSent':
        // Who pastes has the terminal to themselves.
        if (event.provider !== 'paste') this.#footer.run('waiting for the reply');
        break;
      case 'promptShown':
        this.#say(
          `  ${palette.dim('─'.repeat(this.#columns() - 4))}`,
          ...indented(this.#redact(event.text)),
          `  ${palette.dim('─'.repeat(this.#columns() - 4))}`,
        );
        break;
      case 'replyProgress':
        this.#footer.say(
          [event.text === '' ? 'thinking' : '', plural(event.tokens, 'token'), event.cost ? money(event.cost) : '']
            .filter(Boolean)
            .join(' · '),
        );
        break;
      case 'replyDelayed':
        this.#sayWrapped(`${palette.bad('✘')} ${this.#line(event.why)}; asking again in ${duration(event.waitMs)}`);
        this.#footer.run('waiting for the reply');
        break;
      case 'replyBroken':
      case 'replyReceived':
        this.#footer.stop();
        break;
      case 'replyFailed':
        this.#sayWrapped(`${palette.bad('✘')} ${this.#line(event.detail)}`);
        break;
      case 'retried':
        this.#sentence(
          `  ${palette.dim('↻')} what was wrong goes back to the model: retry ${event.attempt} of ${event.of}`,
        );
        break;
      case 'uncommitted':
        this.#sayWrapped(
          `${palette.bad('!')} ${event.paths.map(oneLine).join(' and ')} ${event.paths.length === 1 ? 'has' : 'have'} changes of yours that no commit has; accepting replaces them`,
        );
        break;
      case 'proposed':
        this.#propose(event);
        break;
      case 'reviewPoints':
        this.#say(
          ...event.points.flatMap((point, i) => {
            const [first = '', ...rest] = wrap(this.#line(point), this.#columns() - 15);
            const start = `  ${i === 0 ? 'Look for' : '        '}   ${palette.dim('·')} `;
            return [start + first, ...rest.map((line) => ' '.repeat(15) + line)];
          }),
          '',
        );
        break;
      case 'ended':
        this.#end(event);
        break;
      case 'fileWritten':
        this.#say(`  ${palette.dim(`wrote ${this.#line(event.path)}`)}`);
        break;
      case 'fileRemoved':
        this.#say(`  ${palette.dim(`removed ${this.#line(event.path)}`)}`);
        break;
      case 'committed':
        this.#say(`  ${palette.dim(fit(`commit ${event.commit}  ${this.#line(event.message)}`, this.#columns() - 2))}`);
        break;
      case 'handWon':
        this.#running.delete(event.taskId);
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
        this.#interrupted(event);
        break;
      case 'foundError':
        this.#foundError(event);
        break;
      case 'notSaved':
        this.#flush(event.taskId);
        this.#say(
          `${oneLine(event.taskId)} came to ${palette.status(event.to)}, but its files can’t be written now.`,
          '  The journal has it: the next start brings it into them. Nothing runs twice.',
        );
        break;
      case 'putBack':
        this.#over(event.taskId);
        this.#say(
          `${palette.status('READY', '○')} left  ${oneLine(event.taskId)} is ${palette.status(event.to)} again`,
        );
        break;
      case 'leftRunning':
        this.#over(event.taskId);
        this.#sentence(
          `${palette.status('RUNNING', '◌')} ${oneLine(event.taskId)} stays ${palette.status('RUNNING')}: it may have done part of its work.`,
        );
        this.#say('  runbook next  asks what to do about it');
        break;
      case 'statusSet':
        if (!quiet) this.#say(`${oneLine(event.taskId)}  ${palette.status(event.from)} → ${palette.status(event.to)}`);
        break;
      case 'upNext':
        this.#upNext(event);
        break;
      case 'note':
        for (const line of this.#text(event.text).trimEnd().split('\n')) this.#sayWrapped(line);
        break;
      case 'started':
        if (event.takenBy !== undefined) this.#taken(event.taskId, event.takenBy);
        else this.#running.add(event.taskId);
        if (this.#saidOfScript !== undefined) this.#atWork(event.taskId, this.#saidOfScript);
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

  #taken(taskId: string, by: string): void {
    const { palette, quiet } = this.#screen;
    if (quiet) return;
    const [id, name] = [this.#line(taskId), this.#line(by)];
    this.#sentence(`${palette.status('RUNNING', '◌')} ${id} is ${palette.status('RUNNING')}: ${name} has it now.`);
    this.#sentence(`  ${asCommand('done', taskId)}  gives it back`);
  }

  #redact(text: string): string {
    return this.#screen.redact(text);
  }

  /** A text from elsewhere, before it is broken into lines or cut: half a secret would not be known for one. */
  #text(text: string): string {
    return harmless(this.#redact(text));
  }

  #line(text: string): string {
    return oneLine(this.#redact(text));
  }

  #columns(): number {
    return Math.min(columnsOf('stderr') ?? 80, WIDEST);
  }

  #say(...lines: readonly string[]): void {
    this.#sayBy(say, lines);
  }

  #sayBy(all: (...lines: readonly string[]) => void, lines: readonly string[]): void {
    this.#printed = true;
    const write = () => all(...lines);
    if (this.#screen.sideBySide && this.#running.size > 0) {
      this.#footer.pause(write);
      return;
    }
    this.#footer.stop();
    write();
  }

  /** The moving line tells of one task, or of how many are at work. */
  #atWork(taskId: string, what: string): void {
    if (!this.#screen.sideBySide) this.#footer.run(what);
    else if (this.#running.size === 1) this.#footer.run(`${oneLine(taskId)} ${what}`);
    else this.#footer.say(`${this.#running.size} at work, the last to start is ${oneLine(taskId)}`);
  }

  #change(event: ChangeEvent): void {
    for (const sentence of sentencesOf(event, this.#screen.palette, (text) => this.#line(text)))
      this.#sentence(sentence);
  }

  #sentence(text: string): void {
    this.#say(...wrap(text, this.#columns(), '  '));
  }

  #sayWrapped(text: string): void {
    this.#say(...wrap(`  ${text}`, this.#columns(), '    '));
  }

  #announce({ task, step, of, plan }: Event & { kind: 'announced' }): void {
    this.#saidOfScript = plan.kind === 'script' ? 'running' : undefined;
    if (this.#headed !== task.id) this.#head({ task, step, of });
    this.#headed = undefined;
    const rows = this.#plan(plan, task.description, this.#columns());
    this.#say(...rows, ...(this.#screen.sideBySide && plan.kind === 'script' ? [] : ['']));
  }

  #head({ task, step, of }: { task: Task; step: number; of: number }): void {
    const { palette } = this.#screen;
    const columns = this.#columns();
    const title = fit(`▶ ${oneLine(task.id)}${this.#named(task)}`, columns);
    const right = `step ${step} of ${of}`;
    const line = spread(title, right, columns);
    const painted = line.replace(oneLine(task.id), (id) => palette.bold(id)).replace(right, palette.dim(right));
    this.#say(...(this.#printed && !this.#screen.sideBySide ? [''] : []), painted);
    this.#headed = task.id;
  }

  #plan(plan: StepPlan, description: string | undefined, columns: number): string[] {
    const { palette } = this.#screen;
    const about =
      description === undefined
        ? []
        : wrap(this.#line(description), columns - 2).map((line) => `  ${palette.dim(line)}`);
    switch (plan.kind) {
      case 'script': {
        const limits = [
          `in ${oneLine(plan.cwd)}`,
          plan.timeoutMs === undefined ? '' : `at most ${limit(plan.timeoutMs)}`,
          plan.retries === 0 ? '' : plural(plan.retries, 'retry').replace('retrys', 'retries'),
        ];
        const [first = '', ...rest] = this.#text(plan.command).trimEnd().split('\n');
        return [
          ...about,
          spread(`  ${first}`, palette.dim(limits.filter(Boolean).join(' · ')), columns),
          ...rest.map((line) => `  ${line}`),
        ];
      }
      case 'manual': {
        const text =
          plan.instructions === '' ? [] : ['', renderMarkdown(this.#redact(plan.instructions), columns, palette.on)];
        const steps =
          plan.steps.length === 0
            ? []
            : ['', ...plan.steps.flatMap((step, i) => wrap(`  ${i + 1}. ${this.#line(step)}`, columns, '     '))];
        return [...(plan.instructions === description ? [] : about), ...text, ...steps];
      }
      case 'ai': {
        const { cost: price, budgetLeft } = plan;
        const cost = price === undefined ? 'cost unknown' : `about ${money(price)}`;
        const counts = price === undefined ? 'the budget can’t count it' : undefined;
        const budget =
          budgetLeft === undefined || plan.provider === 'paste'
            ? ''
            : (counts ?? `${money(budgetLeft)} of the budget left`);
        const sources = plan.context.map(({ source, chars }) => `${oneLine(source)} (${count(Math.ceil(chars / 4))})`);
        return [
          ...about,
          ...inRows(
            [
              oneLine(plan.model),
              oneLine(plan.template),
              plural(plan.tokens, 'token'),
              plan.provider === 'paste' || plan.provider === 'scripted' ? '' : cost,
              budget,
            ],
            columns,
          ),
          ...(sources.length < 2 ? [] : [palette.dim(fit(`  with ${sources.join(', ')}`, columns))]),
          ...(plan.doubt === undefined ? [] : wrap(`  ${palette.bad('!')} ${this.#line(plan.doubt)}`, columns, '    ')),
          plan.writes.length === 0
            ? '  writes nothing: the reply goes to the log'
            : `  writes ${plan.writes.map(oneLine).join(', ')} once you accept`,
        ];
      }
      default:
        return unreachable(plan);
    }
  }

  #output(taskId: string, text: string): void {
    const { palette, sideBySide } = this.#screen;
    const lines = ((this.#partial.get(taskId) ?? '') + text).split(/\r?\n/);
    let rest = asItIsSoFar(lines.pop() ?? '');
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    this.#partial.set(taskId, rest);
    if (lines.length === 0) return;
    const whose = sideBySide ? `${oneLine(taskId)} ` : '';
    const start = `  ${palette.dim(`${whose}│`)} `;
    // All lines at once: to look for secrets in each by itself takes ten times as long.
    const shown = this.#text(lines.map(asItEnded).join('\n')).split('\n');
    this.#footer.pause(() => write('stderr', shown.map((line) => `${start}${line}\n`).join('')));
    this.#printed = true;
  }

  /** What a task has printed so far, also where its last line has no end. */
  #flush(taskId: string): void {
    if (this.#partial.get(taskId)) this.#output(taskId, '\n');
    this.#partial.delete(taskId);
    if (this.#running.size <= 1) this.#footer.stop();
  }

  #over(taskId: string): void {
    this.#flush(taskId);
    this.#running.delete(taskId);
  }

  #checked({ name, command, ok, result, tail }: Event & { kind: 'checkEnded' }): void {
    const { palette } = this.#screen;
    const mark = ok ? palette.good('✔') : palette.bad('✘');
    const how = ok ? (name === command ? '' : command) : howItEnded(result);
    const line = spread(
      fit(`  ✔ ${this.#line(name)}`, this.#columns()),
      fit(this.#line(how), this.#columns() - 4),
      this.#columns(),
    );
    this.#say(line.replace('✔', mark));
    if (!ok && tail !== '')
      this.#say(
        ...this.#text(tail)
          .split('\n')
          .map((part) => `    ${palette.dim('│')} ${part}`),
      );
  }

  #propose({ files, whole }: Event & { kind: 'proposed' }): void {
    const { palette } = this.#screen;
    const columns = this.#columns();
    const rule = palette.dim(`  ${'─'.repeat(Math.max(10, columns - 4))}`);
    for (const proposal of files) {
      const file = redacted(proposal, (text) => this.#redact(text));
      const most = whole ? Number.POSITIVE_INFINITY : DIFF_LINES;
      this.#sayBy(sayWhole, [rule, ...showProposal(file, palette, columns - 2, most)]);
    }
    this.#say(rule);
  }

  #end({ taskId, to, record }: Event & { kind: 'ended' }): void {
    this.#over(taskId);
    const { palette } = this.#screen;
    const mark = { DONE: '✔', ERROR: '✘', SKIPPED: '↷', PENDING: '·', READY: '○', RUNNING: '◌' }[to];
    const figures = [record.ms === undefined ? '' : duration(record.ms), record.usage ? usageOf(record.usage) : '']
      .filter(Boolean)
      .join(' · ');
    const left = [`${mark} ${to}`, oneLine(taskId), figures].filter(Boolean).join('  ');
    const line = spread(left, record.log ?? '', this.#columns());
    this.#say(line.replace(`${mark} ${to}`, palette.status(to, `${mark} ${to}`)));
    if (to !== 'ERROR') return;
    for (const issue of record.issues.slice(-1)) this.#say(...indented(inShort(this.#redact(issue.detail), 4)));
    this.#say(
      ...inRows(
        [
          `${palette.dim('next:')} mend it, then ${palette.bold(asCommand('retry', taskId))}`,
          asCommand('show', taskId),
        ],
        this.#columns(),
      ),
    );
  }

  #interrupted({ task, holder, log, survivors }: Event & { kind: 'foundInterrupted' }): void {
    const { palette, now } = this.#screen;
    const who = holder
      ? `when the runner on host \`${oneLine(holder.host)}\` (pid ${holder.pid}, started ${ago(new Date(holder.since), now())}) ended`
      : 'and no runner is at it';
    const what = {
      MANUAL: 'You may have done part of it',
      AI_ASSISTED: 'Its reply was not accepted',
      AUTOMATED_SCRIPT: 'Its script may have done part of its work',
    }[task.type];
    this.#say(
      ...wrap(`${palette.bold(oneLine(task.id))} was ${palette.status('RUNNING')} ${who}.`, this.#columns()),
      ...wrap(`${what}${log ? `; its log ends at ${log}` : ''}.`, this.#columns()),
      ...survivors.flatMap(({ pid, command }) =>
        wrap(`It still runs: ${this.#line(command)} (pid ${pid}).`, this.#columns()),
      ),
      '',
    );
  }

  #foundError({ task, issue }: Event & { kind: 'foundError' }): void {
    const { palette } = this.#screen;
    const { file, line } = task.place('status');
    this.#say(
      `${palette.status('ERROR', '✘ ERROR')}  ${palette.bold(oneLine(task.id))}${this.#named(task)}  ${palette.dim(`${oneLine(file)}:${line}`)}`,
    );
    const last = issue ?? openIssue(task);
    if (last) this.#say(...indented(inShort(this.#redact([last.type, last.detail].filter(Boolean).join(': ')), 4)));
    const commands = ['retry', 'skip', 'show'].map((name) => asCommand(name, task.id));
    commands[0] = palette.bold(commands[0] ?? '');
    this.#say(...inRows(commands, this.#columns()), '');
  }

  #upNext({ task, remaining }: Event & { kind: 'upNext' }): void {
    const { palette, quiet } = this.#screen;
    if (quiet) return;
    if (task) this.#say(`  ${palette.dim('next:')} ${palette.bold(oneLine(task.id))}${this.#named(task)}`);
    else if (remaining === 0) this.#say(`  ${palette.good('all done')}`);
    else
      this.#say(
        `  ${palette.dim('next:')} nothing is READY; ${plural(remaining, 'task')} ${remaining === 1 ? 'waits' : 'wait'}. runbook status`,
      );
  }

  /** A task's name, to stand behind its id; nothing if it would only say the id again. */
  #named({ id, name }: Task): string {
    return name === id ? '' : `  ${this.#line(name)}`;
  }
}

function usageOf({ inputTokens, outputTokens, cost }: Usage): string {
  if (inputTokens === undefined && outputTokens === undefined) return '';
  const tokens = (inputTokens ?? 0) + (outputTokens ?? 0);
  if (tokens === 0) return '';
  return [plural(tokens, 'token'), cost === undefined ? 'cost unknown' : money(cost)].join(' · ');
}

/** `10 min`, `90 s`: a limit is a round figure. */
function limit(ms: number): string {
  return duration(ms).replace('.0 s', ' s');
}

/** A line of output that was written over again and again, as a progress bar is, as it stands in the end. */
function asItEnded(line: string): string {
  if (!line.includes('\r')) return line;
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}

/** The same of one whose end has not come: a return at its end may belong to that. */
function asItIsSoFar(line: string): string {
  return line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
}

/** With points between them, and broken only there. */
function inRows(items: readonly string[], columns: number): string[] {
  return flow(items.filter(Boolean), ' · ', columns - 2).map((row) => `  ${row}`);
}

function indented(text: string): string[] {
  return harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}

/** The first line, which says what it is about, and the last ones, which tell most of why. */
function inShort(text: string, most: number): string {
  const [first = '', ...rest] = harmless(text).trimEnd().split('\n');
  return [first, ...(rest.length < most ? rest : ['…', ...rest.slice(1 - most)])].join('\n');
}
