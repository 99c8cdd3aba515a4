// The colours of a status where it is drawn as a box: as on the screen, dark enough for light paper and light enough for dark.
import type { Status } from '../runbook/task.ts';

export interface Paint {
  readonly fill: string;
  readonly stroke: string;
  readonly ink: string;
}

export function paintOf(status: Status): Paint {
  return PAINTS[status];
}

const PAINTS: Readonly<Record<Status, Paint>> = {
  PENDING: { fill: '#f1f3f5', stroke: '#7f8794', ink: '#3d434c' },
  READY: { fill: '#e3efff', stroke: '#2b6fd0', ink: '#123f80' },
  RUNNING: { fill: '#fff4d1', stroke: '#b88700', ink: '#5c4300' },
  DONE: { fill: '#e2f5e6', stroke: '#2c8a43', ink: '#14532a' },
  ERROR: { fill: '#ffe3e3', stroke: '#c92a2a', ink: '#7d1a1a' },
  SKIPPED: { fill: '#f1f3f5', stroke: '#a3abb6', ink: '#565d68' },
};
