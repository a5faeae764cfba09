import ipaddr from 'ipaddr.js';
import { StartRefusedError } from '../domain/errors';

/** True for loopback addresses. False for any name but localhost, which may resolve to anything. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

/** Throws StartRefusedError when the bridge would listen beyond loopback without tokens, unless `insecure` is set. */
export function checkBinding(host: string, hasTokens: boolean, insecure: boolean): void {
  if (isLoopback(host) || hasTokens || insecure) return;
  throw new StartRefusedError(
    `Without tokens the bridge serves this machine only, but the host is ${host === '' ? 'every address' : host}. ` +
      'Set BRIDGE_TOKENS_FILE, or BRIDGE_HOST=127.0.0.1, or start with --insecure where the network is trusted.',
  );
}
