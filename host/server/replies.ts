import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.html': 'text/html; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
};

/** Files of other kinds, executables among them, are not given out. */
export const isServed = (name: string): boolean => TYPES[extname(name)] !== undefined;

const reply = (
  status: number,
  extension: string,
  cacheControl: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): Reply => ({
  status,
  headers: {
    'content-type': TYPES[extension] ?? 'application/octet-stream',
    'cache-control': cacheControl,
    'x-content-type-options': 'nosniff',
    ...more,
  },
  body,
});

/** JSON that somebody else has written. */
export const relayed = (status: number, text: string): Reply => reply(status, '.json', 'no-store', text);
export const json = (status: number, body: object): Reply => relayed(status, JSON.stringify(body));
export const refused = (status: number, message: string): Reply => json(status, { message });

/** @param forEver the name changes when the content does */
export const file = (name: string, content: Buffer, forEver = false): Reply =>
  reply(200, extname(name), forEver ? 'public, max-age=31536000, immutable' : 'no-cache', content);

/** @param policy the Content-Security-Policy */
export const html = (text: string, policy: string): Reply =>
  reply(200, '.html', 'no-store', text, { 'content-security-policy': policy, 'x-frame-options': 'deny' });

export function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, headers);
  response.end(body);
}
