// The least that reading a plan of unusual form costs: its document, and nothing of it used.
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

parseDocument(readFileSync(process.argv[2], 'utf8'));
