/** docker-compose.yml as data, its variables filled in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const root = join(__dirname, '../..');

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const VARIABLE = /\$\{([A-Z0-9_]+)(?::-([^}]*))?\}/g;

export const composeText = readFileSync(join(root, 'docker-compose.yml'), 'utf8');

/** Every variable the file reads, with the defaults it gives; undefined: none. */
export function variablesOf(text: string): Map<string, Set<string | undefined>> {
  const variables = new Map<string, Set<string | undefined>>();
  for (const [, name, fallback] of text.matchAll(VARIABLE)) {
    variables.set(name!, (variables.get(name!) ?? new Set()).add(fallback));
  }
  return variables;
}

/** The file with the given variables, or their defaults; filled in after the parsing, as Docker does it. */
export function readCompose(environment: Readonly<Record<string, string>> = {}): ComposeFile {
  return parse(
    composeText,
    (_key, value: unknown) =>
      typeof value === 'string'
        ? value.replace(
            VARIABLE,
            (_, name: string, fallback = '') => environment[name] ?? (fallback as string),
          )
        : value,
    { merge: true },
  ) as ComposeFile;
}

/** `NAME=value` lines, comments left out. */
export function readEnvExample(): Record<string, string> {
  const text = readFileSync(join(root, '.env.example'), 'utf8');
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

export interface Mount {
  readonly service: string;
  readonly source: string;
  readonly target: string;
  readonly mode: string;
}

export function mountsOf({ services }: ComposeFile): Mount[] {
  return Object.entries(services).flatMap(([service, { volumes = [] }]) =>
    volumes.map((text) => {
      const [source, target, mode = 'rw'] = text.split(':') as [string, string, string?];
      return { service, source, target, mode };
    }),
  );
}
