import assert from 'node:assert/strict';
import test from 'node:test';

for (const n of [1, 2, 3, 4, 5, 6]) test(`${n} is smaller than its square and one`, () => assert(n < n * n + 1));
