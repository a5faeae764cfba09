import { readFileSync } from 'node:fs';
import { StartRefusedError } from './domain/errors';

/** The text of the file that a setting names. Throws StartRefusedError when it cannot be read. */
export function pemText(setting: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartRefusedError(
      `${setting}: cannot read ${path} (${(error as Error).message}); give a readable PEM file`,
      { cause: error },
    );
  }
}

/** PEM texts of the `ca_file`, `cert_file` and `key_file` of a section; only those that are set. */
export function tlsTexts(
  section: string,
  files: {
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
  },
): { ca?: string; cert?: string; key?: string } {
  const ca = pemText(`${section}.ca_file`, files.ca_file);
  const cert = pemText(`${section}.cert_file`, files.cert_file);
  const key = pemText(`${section}.key_file`, files.key_file);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
