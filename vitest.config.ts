// Tests are black boxes around the built binary (src/test/rig.ts). No wall-clock limit decides a test: the limits here are
// far beyond what a slow machine needs, and the rig's own bounds, which say what was on the screen, come first.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What the build writes into the program.
  define: { RUNBOOK_VERSION: '"0.0.0"' },
  test: {
    include: ['src/test/**/*.test.ts'],
    globalSetup: 'src/test/setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
  },
});
