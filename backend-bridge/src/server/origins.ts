import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { StartRefusedError } from '../domain/errors';
import { isLoopback } from './binding';

/** Allow-lists of browser origins and Host headers, which keep web pages away from a bridge on loopback. */

/** Throws StartRefusedError for a user or password, which the message does not show. */
function refuseCredentials(text: string, at: string, what: string, example: string): void {
  if (!text.includes('@')) return;
  throw new StartRefusedError(`${at}: ${what} has no user or password; write it as ${example}`);
}

/**
 * Allows loopback origins and the listed ones (`scheme://host[:port]`). Throws StartRefusedError for an invalid entry.
 */
export class OriginList {
  private readonly allowed: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.allowed = new Set(origins.map(originOf));
  }

  /** True without an Origin header, which browsers send with every cross-site request. */
  allows(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    if (!URL.canParse(origin)) return false;
    const url = new URL(origin);
    if (url.origin !== origin.toLowerCase()) return false;
    if (this.allowed.has(url.origin)) return true;
    return ['http:', 'https:'].includes(url.protocol) && isLoopback(url.hostname);
  }
}

/** The entry at `index` of allowed_origins as browsers send it. Throws StartRefusedError for an invalid one. */
function originOf(text: string, index: number): string {
  const example = 'https://grafana.example.org';
  refuseCredentials(text, `allowed_origins.${index}`, 'an origin', example);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.origin === 'null' || !/^[^/]+:\/\/[^/?#]+\/?$/.test(text)) {
    throw new StartRefusedError(
      `allowed_origins: ${JSON.stringify(text)} is not a valid origin; write it as ${example}`,
    );
  }
  if (url.hostname.includes('*')) {
    throw new StartRefusedError(
      `allowed_origins: ${JSON.stringify(text)} is not a valid origin, as there are no wildcards; list each origin`,
    );
  }
  return url.origin;
}

const MAX_PASSED = 1_000;
const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::', '[::]']);

/**
 * Allows loopback names, the bound address (for a wildcard every address of this machine) and the listed names (a name
 * or `*.domain`; ports are ignored). Guards against DNS rebinding. Throws StartRefusedError for an invalid entry.
 */
export class HostList {
  private readonly names: ReadonlySet<string>;
  private readonly wildcard: boolean;
  /** Cache of accepted Host headers: parsing addresses costs more than the other checks. */
  private readonly passed = new Set<string>();

  constructor(boundHost: string, hosts: readonly string[]) {
    const bound = nameOf(boundHost);
    this.names = new Set([...(bound === undefined ? [] : [bound]), ...hosts.map(listedName)]);
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
    // Not cached: the addresses of this machine change.
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

/** The entry at `index` of allowed_hosts as a name. Throws StartRefusedError for one that no Host header matches. */
function listedName(text: string, index: number): string {
  refuseCredentials(text, `allowed_hosts.${index}`, 'a host', 'bridge.example.org');
  const name = nameOf(text);
  if (name !== undefined && /^(?:\*\.)?[^*]+$/.test(name)) return name;
  throw new StartRefusedError(
    `allowed_hosts: ${JSON.stringify(text)} is not a host name; write it as bridge.example.org or *.example.org`,
  );
}

/** Read on each call: addresses change, and only requests by a non-loopback address get here. */
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
