/** The host needs something that ssh2 does not have; the system's own ssh may. */
export class BeyondSsh2 extends Error {
  /** For people: what is needed. */
  readonly what: string;

  constructor(what: string, options?: { cause?: unknown }) {
    super(`ssh2 does not have ${what}`, options);
    this.name = "BeyondSsh2";
    this.what = what;
  }
}
