import ipaddr from 'ipaddr.js';
import type { Access, Principal } from './access';

/** The budget key of a request or connection: its token, or without tokens its address. */
export function holderOf(access: Access, principal: Principal, remoteAddress: string | undefined): string {
  return access.required ? principal.name : addressGroup(remoteAddress ?? '');
}

/** The address itself for IPv4, its /64 for IPv6, where one host owns the whole /64. */
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
