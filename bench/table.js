// What was measured, as Markdown.

/** Each bar with what was measured: `[what, measured, at most]`. */
export function bars(rows) {
  return table(
    ['bar', 'at most', 'measured', ''],
    rows.map(([name, most, bar]) => {
      const measured = most === undefined || Number.isNaN(most) ? undefined : most;
      const mark = measured === undefined ? 'not measured' : measured <= bar ? 'reached' : 'missed';
      return [name, String(bar), measured === undefined ? '' : times2(measured), mark];
    }),
  );
}

/** A table of Markdown. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

export function ms(number) {
  return number.toFixed(1);
}

export function times2(number) {
  return number.toFixed(2);
}
