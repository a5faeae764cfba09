import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StartRefusedError, UnavailableError } from './domain/errors';
import type { TopicMapping } from './domain/mapping';
import type { ReloadStatus } from './domain/reload-status';
import type { Clock, Log } from './domain/telemetry';

export interface MetricsReloaderOptions {
  readonly file: string;
  /** As they were read at the start. */
  readonly mappings: readonly TopicMapping[];
  /** Throws StartRefusedError that lists the faults. */
  readonly read: () => readonly TopicMapping[];
  /** Resolves with the names of the metrics that changed. Rejects with StartRefusedError or UnavailableError. */
  readonly replace: (mappings: readonly TopicMapping[]) => Promise<readonly string[]>;
  readonly onStatus: (status: ReloadStatus) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** Poll interval, ms. */
  readonly pollMs?: number;
}

/** Polls after which a rejected file is read again: a schema file beside it may exist by then. */
const RETRY_LOOKS = 10;

/**
 * Reads the metrics file again when it, or a schema file that it names, has changed. Polling twice a second also
 * notices editors that replace the file and Kubernetes' swapped links, which end a watch on the file itself. A file is
 * read once two polls have found it the same: an editor may be in the middle of writing it.
 */
export class MetricsReloader {
  status: ReloadStatus;
  private timer: NodeJS.Timeout | null = null;
  private schemas: readonly string[];
  /** Of the files as they were when they were read last: what is written while they take effect is another change. */
  private seen: string;
  private changing = '';
  private looks = 0;
  private reloading: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly options: MetricsReloaderOptions) {
    this.schemas = schemasOf(options.mappings);
    this.seen = this.signature();
    this.status = { successful: true, lastSuccessMs: options.clock(), message: null };
    options.onStatus(this.status);
  }

  start(): void {
    this.timer = setInterval(() => void this.look(), this.options.pollMs ?? 500);
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Reads the file now, whether it has changed or not. One after the other. */
  async reload(): Promise<void> {
    while (this.reloading !== null) await this.reloading;
    if (this.stopped) return;
    this.reloading = this.reloadOnce().finally(() => {
      this.reloading = null;
    });
    await this.reloading;
  }

  /** Compares the files with those that were read. */
  async look(): Promise<void> {
    if (this.reloading !== null) return;
    const found = this.signature();
    if (found === this.seen) {
      this.changing = '';
      this.looks += 1;
      if (!this.status.successful && this.looks % RETRY_LOOKS === 0) await this.reload();
    } else if (found !== this.changing) this.changing = found;
    else await this.reload();
  }

  private async reloadOnce(): Promise<void> {
    const { file, read, replace, log, clock } = this.options;
    const fileState = stateOf(file);
    this.seen = this.signature();
    this.changing = '';
    try {
      const mappings = read();
      this.schemas = schemasOf(mappings);
      this.seen = this.signature(fileState);
      const changed = await replace(mappings);
      this.setStatus({ successful: true, lastSuccessMs: clock(), message: null });
      log.info({ file, changed }, 'the metrics file was read again');
    } catch (error) {
      if (this.stopped) return;
      if (!(error instanceof StartRefusedError) && !(error instanceof UnavailableError)) {
        log.error({ err: error }, 'reading the metrics file again failed');
      }
      const { message } = error as Error;
      if (message !== this.status.message) {
        log.error({ file, reason: message }, 'the metrics file was not taken; the metrics stay as they were');
      }
      this.setStatus({ ...this.status, successful: false, message });
    }
  }

  private setStatus(status: ReloadStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }

  private signature(fileState = stateOf(this.options.file)): string {
    const folder = dirname(this.options.file);
    return [fileState, ...this.schemas.map((path) => stateOf(resolve(folder, path)))].join();
  }
}

/** Empty when there is no such file. */
function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true });
  return found === undefined
    ? ''
    : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}

function schemasOf(mappings: readonly TopicMapping[]): string[] {
  const paths = mappings.flatMap(({ key, value }) => [key.schema?.path, value.schema?.path]);
  return [...new Set(paths.filter((path) => path !== undefined))].sort();
}
