/** npm run bench -- <scenario>: one JSON line for each scenario on stdout, everything else on stderr. */
import { bytes } from './scenarios/bytes';
import { decoding } from './scenarios/decoding';
import { fanout } from './scenarios/fanout';
import { forecast } from './scenarios/forecast';
import { history } from './scenarios/history';
import { idle } from './scenarios/idle';
import { ingest } from './scenarios/ingest';
import { latency } from './scenarios/latency';
import { peers } from './scenarios/peers';
import { pipeline } from './scenarios/pipeline';
import { restart } from './scenarios/restart';
import { tiers } from './scenarios/tiers';
import { Endings, Options, type Scenario } from './scenario';
import { machine, versions } from './surroundings';

const SCENARIOS: readonly Scenario[] = [
  ingest,
  decoding,
  fanout,
  latency,
  history,
  bytes,
  idle,
  pipeline,
  restart,
  forecast,
  tiers,
  peers,
];

function list(): string {
  const lines = SCENARIOS.map(({ name, title, options }) => {
    const known = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
    return `  ${name.padEnd(9)} ${title}\n            ${known.join(' ')}`;
  });
  return `npm run bench -- <scenario> [--option=number ...]\n${lines.join('\n')}\n  all       every scenario in turn\n`;
}

function usageError(text: string): never {
  process.stderr.write(`${text}\n\n${list()}`);
  process.exit(2);
}

function givenOptions(args: readonly string[]): Record<string, number> {
  const given: Record<string, number> = {};
  for (const arg of args) {
    const match = /^--([a-z]+)=(\d+)$/.exec(arg);
    if (match === null) usageError(`${arg}: write options as --name=number`);
    given[match[1]!] = Number(match[2]);
  }
  return given;
}

async function run(scenario: Scenario, given: Readonly<Record<string, number>>): Promise<void> {
  const endings = new Endings();
  const about = machine();
  const at = new Date().toISOString();
  try {
    const results = await scenario.run(new Options(scenario.options, given), endings);
    const line = {
      scenario: scenario.name,
      title: scenario.title,
      at,
      machine: about,
      versions: versions(),
      results,
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    await endings.all();
  }
}

async function main(): Promise<void> {
  const [name, ...rest] = process.argv.slice(2);
  if (name === undefined) {
    process.stdout.write(list());
    return;
  }
  const chosen = name === 'all' ? SCENARIOS : SCENARIOS.filter((scenario) => scenario.name === name);
  if (chosen.length === 0) usageError(`${name}: no such scenario`);
  const given = givenOptions(rest);
  for (const option of Object.keys(given)) {
    if (!chosen.some(({ options }) => option in options))
      usageError(`--${option}: ${name} has no such option`);
  }
  let failed = false;
  for (const scenario of chosen) {
    try {
      await run(scenario, given);
    } catch (error) {
      failed = true;
      process.stderr.write(`${scenario.name} failed: ${String((error as Error).stack ?? error)}\n`);
    }
  }
  process.exit(failed ? 1 : 0);
}

void main();
