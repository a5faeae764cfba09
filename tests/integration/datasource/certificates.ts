import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate for 127.0.0.1 and localhost that signs itself, good for two days. */
export function selfSigned(commonName = 'localhost'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-certificate-'));
  try {
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const names = ['-days', '2', '-subj', `/CN=${commonName}`];
    const hosts = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const out = ['-keyout', 'own.key', '-out', 'own.crt'];
    execFileSync('openssl', [...request, ...names, ...hosts, ...out], { cwd: folder, stdio: 'ignore' });
    return {
      cert: readFileSync(join(folder, 'own.crt'), 'utf8'),
      key: readFileSync(join(folder, 'own.key'), 'utf8'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
