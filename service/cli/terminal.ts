import type { Readable, Writable } from "node:stream";

/** The world outside the command line, passed in so that tests can stand in for it. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  stderr: Writable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  now: () => number;
  /** Calls back at Ctrl-C and when asked to end; returns how to stop listening. */
  onInterrupt(callback: (signal: "SIGINT" | "SIGTERM") => void): () => void;
}

/** Styles for people: none where the stream is no terminal or NO_COLOR is set. */
export interface Style {
  dim(text: string): string;
  bold(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

/** The styles of one stream. */
export function styleFor(stream: { isTTY?: boolean }, env: Terminal["env"]): Style {
  const on = stream.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  const wrap = (open: number, close: number) => (text: string) =>
    on && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    dim: wrap(2, 22),
    bold: wrap(1, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
  };
}
