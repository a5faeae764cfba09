/** What became of the metrics file since the bridge started. */
export interface ReloadStatus {
  /** False: the file was not taken when it was read last, and the metrics are those of the last one that was. */
  readonly successful: boolean;
  /** When a file was taken last. */
  readonly lastSuccessMs: number;
  /** Why it was not taken, with what to correct; null when it was. */
  readonly message: string | null;
}
