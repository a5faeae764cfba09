import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';

/** What a request is answered with. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly body: object }
  /** JSON that somebody else has written. */
  | { readonly kind: 'relayed'; readonly status: number; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly content: Buffer; readonly forEver: boolean }
  | { readonly kind: 'page'; readonly html: string; readonly policy: string };

export const json = (status: number, body: object): Reply => ({ kind: 'json', status, body });
export const refused = (status: number, message: string): Reply => json(status, { message });
/** @param forEver the name changes when the content does */
export const file = (name: string, content: Buffer, forEver = false): Reply => ({
  kind: 'file',
  name,
  content,
  forEver,
});

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

function headersOf(reply: Reply): Readonly<Record<string, string>> {
  switch (reply.kind) {
    case 'json':
    case 'relayed':
      return { 'content-type': 'application/json', 'cache-control': 'no-store' };
    case 'file':
      return {
        'content-type': TYPES[extname(reply.name)] ?? 'application/octet-stream',
        'cache-control': reply.forEver ? 'public, max-age=31536000, immutable' : 'no-cache',
      };
    case 'page':
      return {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': reply.policy,
        'x-frame-options': 'deny',
      };
  }
}

const bodyOf = (reply: Reply): string | Buffer => {
  switch (reply.kind) {
    case 'json':
      return JSON.stringify(reply.body);
    case 'relayed':
      return reply.text;
    case 'file':
      return reply.content;
    case 'page':
      return reply.html;
  }
};

export function send(response: ServerResponse, reply: Reply): void {
  const status = 'status' in reply ? reply.status : 200;
  response.writeHead(status, { ...headersOf(reply), 'x-content-type-options': 'nosniff' });
  response.end(bodyOf(reply));
}
