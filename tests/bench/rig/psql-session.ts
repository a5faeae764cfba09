import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Endings } from '../scenario';

const DONE = '-- done';

interface Waiting {
  readonly resolve: (rows: string[]) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to PostgreSQL through its own client, which stays open. */
export class PsqlSession {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: Waiting[] = [];
  private rows: string[] = [];
  private faults = '';

  constructor(port: number, endings: Endings) {
    const place = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'bench', '-d', 'postgres'];
    const plainRows = ['-X', '-A', '-t', '-q'];
    this.child = spawn('psql', [...place, ...plainRows]);
    endings.add(() => Promise.resolve(void this.child.kill()));
    this.child.stderr.on('data', (chunk: Buffer) => (this.faults += chunk.toString()));
    this.child.on('exit', () => {
      for (const { reject } of this.waiting) reject(new Error(`psql ended: ${this.faults}`));
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.take(line));
  }

  /** The rows as lines, in the order of the questions. */
  ask(sql: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${sql};\n\\echo ${DONE}\n`);
    });
  }

  private take(line: string): void {
    if (line !== DONE) {
      this.rows.push(line);
      return;
    }
    const { rows } = this;
    this.rows = [];
    const one = this.waiting.shift();
    if (this.faults === '') one?.resolve(rows);
    else one?.reject(new Error(this.faults));
  }
}
