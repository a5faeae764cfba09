import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { StartRefusedError } from '../domain/errors';
import { isLoopback } from './binding';

/** Allow-lists of browser origins and of Host headers: what keeps web pages away from a bridge on loopback. */

/** Loopback origins, and those of the list (`scheme://host[:port]`). Throws StartRefusedError for an unusable entry. */
export class OriginList {
  private readonly allowed: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.allowed = new Set(
      origins.map((text) => {
        const url = URL.canParse(text) ? new URL(text) : undefined;
        if (!url || url.origin === 'null' || !['', '/'].includes(url.pathname) || url.search !== '') {
          throw new StartRefusedError(
            `allowed_origins: ${JSON.stringify(text)} is no origin; write it as https://grafana.example.org`,
          );
        }
        return url.origin;
      }),
    );
  }

  /** No Origin header: not a browser's cross-site request. */
  allows(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (url.origin !== origin.toLowerCase()) return false;
    if (this.allowed.has(url.origin)) return true;
    return ['http:', 'https:'].includes(url.protocol) && isLoopback(url.hostname);
  }
}

const MAX_PASSED = 1_000;
const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '[::]']);

/**
 * Loopback names, the bound address (for a wildcard every address of this machine), and those of the list
 * (a name, or `*.domain`; ports do not matter). A name that an attacker's DNS points here is none of them.
 */
export class HostList {
  private readonly names: ReadonlySet<string>;
  private readonly wildcard: boolean;
  /** Host headers that passed, as they came: parsing addresses costs more than the rest of the checks. */
  private readonly passed = new Set<string>();

  constructor(boundHost: string, hosts: readonly string[]) {
    this.names = new Set(
      [boundHost, ...hosts].map((host) => nameOf(host)).filter((name) => name !== undefined),
    );
    this.wildcard = WILDCARDS.has(boundHost);
  }

  allows(host: string | undefined): boolean {
    if (host === undefined) return false;
    if (this.passed.has(host)) return true;
    const name = nameOf(host);
    if (name === undefined) return false;
    if (this.isListed(name)) {
      if (this.passed.size >= MAX_PASSED) this.passed.clear();
      this.passed.add(host);
      return true;
    }
    // Not remembered: the addresses of this machine change.
    return this.wildcard && ipaddr.isValid(name) && ownAddresses().has(ipaddr.process(name).toString());
  }

  private isListed(name: string): boolean {
    if (isLoopback(name) || this.names.has(name)) return true;
    const parent = name.indexOf('.');
    return parent > 0 && this.names.has(`*${name.slice(parent)}`);
  }
}

/** `Grafana.example.org:8765` -> `grafana.example.org`, `[::1]:8765` -> `::1`; undefined when it is neither. */
function nameOf(host: string): string | undefined {
  const text = host.trim().toLowerCase();
  if (text.length > 255) return undefined;
  if (ipaddr.isValid(text)) return text;
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.*-]+))(?::\d{1,5})?$/.exec(text);
  return match ? (match[1] ?? match[2]!.replace(/\.$/, '')) : undefined;
}

/** Read anew each time: addresses come and go, and only requests by an address other than loopback ask. */
function ownAddresses(): ReadonlySet<string> {
  const own = new Set<string>();
  for (const list of Object.values(networkInterfaces())) {
    for (const { address } of list ?? []) {
      const bare = address.split('%')[0]!;
      if (ipaddr.isValid(bare)) own.add(ipaddr.process(bare).toString());
    }
  }
  return own;
}
