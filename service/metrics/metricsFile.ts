/** Pieces of what hosts did, each of some hours of one host in steps of the same length. */
export interface MetricsFile {
  get(hostId: string, stepMs: number, beginMs: number): Buffer | null;
  /** Those that begin from one time to another, both included, in order. */
  range(hostId: string, stepMs: number, fromMs: number, toMs: number): { beginMs: number; body: Buffer }[];
  put(pieces: readonly MetricsPiece[]): void;
  /** Takes away what of a host began before a time. */
  removeOlder(hostId: string, stepMs: number, beforeMs: number): void;
  removeHost(hostId: string): void;
  /** The hosts of which there is something. */
  hosts(): string[];
  close(): void;
}

export interface MetricsPiece {
  hostId: string;
  stepMs: number;
  beginMs: number;
  body: Buffer;
}
