// A web server on 127.0.0.1 that does what a test tells it: for what a real model's server never would, or never shows.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export async function webServer(respond: (...args: Parameters<RequestListener>) => unknown) {
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** For OPENAI_BASE_URL. */
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One event of a streamed reply. */
export function chunk(fields: object): string {
  return `data: ${JSON.stringify(fields)}\n\n`;
}

/** The same of Anthropic's. */
export function anthropicEvent(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** A whole streamed reply with this text. */
export function streamed(text: string): string {
  const piece = { choices: [{ index: 0, delta: { content: text }, finish_reason: null }] };
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  return `${chunk(piece)}${chunk(end)}data: [DONE]\n\n`;
}

/** The same cut into events of so many characters, and these, sent, at any byte, also in the middle of a character. */
export async function inPieces(
  response: ServerResponse,
  text: string,
  { characters, bytes }: { characters: number; bytes: number },
): Promise<void> {
  const all = [...text];
  const events = all.flatMap((_, i) => {
    if (i % characters !== 0) return [];
    const content = all.slice(i, i + characters).join('');
    return [chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })];
  });
  const end = chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  const stream = Buffer.from(`${events.join('')}${end}data: [DONE]\n\n`);
  await cutInto(response, stream, bytes);
}

/** Where it is cut is up to the network in the end; most of it arrives as it is sent. */
export async function cutInto(response: ServerResponse, stream: Buffer, bytes: number): Promise<void> {
  response.socket?.setNoDelay();
  for (let at = 0; at < stream.length; at += bytes) {
    response.write(stream.subarray(at, at + bytes));
    if (at % 1021 < bytes) await new Promise(setImmediate);
  }
  response.end();
}

/** The body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let body = '';
  for await (const piece of request) body += piece;
  return JSON.parse(body);
}

/** A request that is wrong, in the server's opinion. */
export function refusing(response: ServerResponse, message: string, param?: string): void {
  response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message, param } }));
}
