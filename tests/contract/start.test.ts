import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

/** What the built program says before it serves anything: options, settings, and why it does not start. */
describe('the start of the bridge', () => {
  const main = join(__dirname, '../../backend-bridge/dist/main.js');
  const folder = mkdtempSync(join(tmpdir(), 'streamkpi-start-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = (environment: Record<string, string>, ...args: string[]) => {
    const env: Record<string, string | undefined> = {
      PATH: process.env['PATH'],
      STORE_PATH: join(folder, 'data'),
      BRIDGE_PORT: '0',
      ...environment,
    };
    const { STDIN: input = '', ...variables } = env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      env: variables,
      input,
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { status, stdout, stderr };
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('--print-config: the file and the environment over it, secrets masked', () => {
    const config = file('bridge.yaml', 'port: 1000\nlimits: { max_series: 7 }\n');
    const password = file('password', 'hunter3\n');
    const { status, stdout } = run(
      {
        BRIDGE_CONFIG: config,
        BRIDGE_PORT: '9000',
        REDIS_URL: 'redis://:hunter2@db:6379',
        SCHEMA_REGISTRY_URL: 'http://u:hunter4@registry:8081',
        KAFKA_BROKERS: 'a:1',
        KAFKA_SASL_MECHANISM: 'plain',
        KAFKA_SASL_USERNAME: 'u',
        KAFKA_SASL_PASSWORD_FILE: password,
      },
      '--print-config',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^port: 9000 +# BRIDGE_PORT$/m);
    expect(stdout).toMatch(/^limits\.max_series: 7$/m);
    expect(stdout).toMatch(/^kafka\.sasl_password: "\*+"/m);
    expect(stdout).not.toMatch(/hunter/);
  });

  test.each<[string, Record<string, string>, string[], RegExp]>([
    ['another address without tokens', { BRIDGE_HOST: '0.0.0.0' }, [], /BRIDGE_TOKENS_FILE.*--insecure/],
    ['an unknown variable', { BRIDGE_COLOUR: 'red' }, [], /BRIDGE_COLOUR: unknown setting/],
    ['a wrong value', { BRIDGE_PORT: '99999' }, [], /BRIDGE_PORT: .*65535/],
    ['a missing metrics file', { METRICS_FILE: '/does/not/exist' }, [], /METRICS_FILE: cannot read/],
    [
      'a metrics file that is no YAML',
      { METRICS_FILE: file('open.yaml', 'metrics: [') },
      [],
      /open\.yaml is not YAML/,
    ],
    ['a missing tokens file', { BRIDGE_TOKENS_FILE: '/does/not/exist' }, [], /tokens_file: .*access\.md/],
    [
      'an origin that is none',
      { BRIDGE_ALLOWED_ORIGINS: '*' },
      [],
      /allowed_origins: "\*" is not a valid origin/,
    ],
    ['an unknown option', {}, ['--verbose'], /--verbose: unknown option/],
  ])('%s ends it with code 2 and a sentence, without a stack', (_, environment, args, sentence) => {
    const { status, stdout, stderr } = run(environment, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('--hash-token gives what the tokens file holds for the token on standard input', () => {
    const token = 'a'.repeat(43);
    const { stdout, stderr } = run({ STDIN: `${token}\n` }, '--hash-token');
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: sha256(token), stderr: '' });
    expect(run({ STDIN: 'test' }, '--hash-token').stderr).toContain('can be guessed');
  });

  test('--hash-token makes a token where none is given', () => {
    const [token, hash] = [...run({}, '--hash-token').stdout.matchAll(/^(?:token|sha256): +(\S+)$/gm)];
    expect(token![1]).toMatch(/^[\w-]{43}$/);
    expect(hash![1]).toBe(sha256(token![1]!));
  });

  test.each([[['--hash-token', 'hunter2']], [['--hash-token=hunter2']], [['hunter2', '--hash-token']]])(
    '%j: a token that the list of processes shows is not taken, and not repeated',
    (args) => {
      const { status, stdout, stderr } = run({}, ...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain('list of processes');
      expect(stderr).not.toContain('hunter2');
    },
  );
});
