// `graph`: which task follows which, with the statuses: as text, or for what draws Mermaid, DOT and SVG.
import { type Command, Option } from 'commander';
import { EXIT, RunbookError, unreachable } from '../errors.ts';
import { type Graph, type GraphNode, graphOf } from '../graph/graph.ts';
import { textLines } from '../graph/text.ts';
import { lookAt } from '../standing.ts';
import { oneLine } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { formatFor, orStdout, writeFile } from './file.ts';
import { requireTask } from './next.ts';

const FORMATS = ['text', 'mermaid', 'dot', 'svg'] as const;
type Format = (typeof FORMATS)[number];

const NAMES: Readonly<Record<string, Format>> = {
  '.svg': 'svg',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.dot': 'dot',
  '.gv': 'dot',
};

interface GraphFlags {
  readonly format?: Format;
  readonly output?: string | undefined;
}

export function define(command: Command, action: Action): void {
  command
    .argument('[id]', 'only what leads to this task, and what comes after it')
    .addOption(new Option('--format <format>', 'how it is drawn').choices([...FORMATS]))
    .option('-o, --output <file>', 'write it into this file; the name tells the format (.svg .mmd .dot); - is stdout')
    .addHelpText(
      'before',
      'Examples:\n  runbook graph                      every task below the one that it follows\n  runbook graph publish              only what leads to it and what follows\n  runbook graph -o plan.svg          a drawing, for any browser\n  runbook graph --format mermaid     for a Markdown file on GitHub\n  runbook graph --format dot | dot -Tpng > plan.png\n',
    )
    .addHelpText(
      'after',
      '\nA task that follows several is drawn once: it names them, and they name it.\nA dependency that follows from the others (c depends on a and b, b on a) is left\nout; --json has all.',
    )
    .action(action(graph));
}

async function graph(context: Context, id: string | undefined, given: GraphFlags): Promise<number> {
  const flags = orStdout(given);
  if (context.flags.json && (flags.format !== undefined || flags.output !== undefined))
    throw new RunbookError({
      code: 'USAGE',
      message: `\`--json\` and \`${flags.format === undefined ? '--output' : '--format'}\` are two forms at once`,
      hint: 'runbook graph --json > graph.json  keeps the data in a file',
    });
  const format = formatFor(flags, NAMES, 'text');
  const { runbook } = lookAt(context.runbookPath());
  requireTask(runbook, 'graph', id);
  const drawn = graphOf(runbook, id);
  if (flags.output !== undefined) {
    if (format === 'text') throw textToFile(flags.output);
    writeFile(context, flags.output, (await linesIn(format, context, drawn, id)).join('\n'));
    return EXIT.ok;
  }
  const lines = await linesIn(format, context, drawn, id);
  context.print('graph', toData(drawn), () => lines);
  return EXIT.ok;
}

/** Such a file could not be known as ours, and not be written anew. */
function textToFile(output: string): RunbookError {
  return new RunbookError({
    code: 'USAGE',
    message: '`--format text` is for the screen',
    hint: `runbook graph > ${output}  keeps it in a file`,
  });
}

async function linesIn(format: Format, context: Context, drawn: Graph, id: string | undefined): Promise<string[]> {
  switch (format) {
    case 'text':
      if (context.flags.json) return [];
      if (context.flags.plain) return drawn.nodes.map((node) => plainLine(drawn, node));
      if (drawn.nodes.length === 0) return ['There are no tasks yet.'];
      return textLines(drawn, context.columns(), context.palette, id);
    case 'mermaid':
      return (await import('../graph/diagrams.ts')).mermaidLines(drawn);
    case 'dot':
      return (await import('../graph/diagrams.ts')).dotLines(drawn);
    case 'svg':
      return (await import('../graph/svg.ts')).svgOf(drawn).split('\n');
    default:
      return unreachable(format);
  }
}

/** Tab-separated, for other programs and for screen readers: status, id, and each task that it follows. */
function plainLine({ nodes }: Graph, { status, label, dependsOn }: GraphNode): string {
  return [status, label, ...dependsOn.map((index) => nodes[index]?.label ?? '')].map(oneLine).join('\t');
}

function toData({ name, nodes }: Graph) {
  return {
    name,
    nodes: nodes.map(({ id, name: called, type, status }) => ({ id, name: called, type, status })),
    edges: nodes.flatMap(({ id, dependsOn, after }) =>
      dependsOn.map((index) => ({ from: nodes[index]?.id ?? '', to: id, implied: !after.includes(index) })),
    ),
  };
}
