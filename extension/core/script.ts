/** What a person wants to run. `uri` is how it is remembered. */
export type Script =
  | { kind: "file"; uri: string; path: string; label: string }
  /** A buffer that is in no file; it is sent under the name `label`. */
  | { kind: "buffer"; uri: string; label: string };
