import ipaddr from 'ipaddr.js';
import type { Access, Principal } from './access';

/** Whose budget a request or a connection counts for: its token's, or without tokens its address's. */
export function holderOf(access: Access, principal: Principal, remoteAddress: string | undefined): string {
  return access.required ? principal.name : addressGroup(remoteAddress ?? '');
}

/** An IPv4 address itself; of IPv6 the /64, of which one host has every address to spare. */
export function addressGroup(remoteAddress: string): string {
  const bare = remoteAddress.split('%')[0]!;
  if (!ipaddr.isValid(bare)) return 'unknown';
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv6) {
    return address.parts
      .slice(0, 4)
      .map((part) => part.toString(16))
      .join(':');
  }
  return address.toString();
}
