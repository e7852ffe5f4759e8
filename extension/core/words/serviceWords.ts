/** Why the service's program on this machine cannot be run, or did not do what was asked. */
export const serviceWords = {
  wantedDoesNotRun: (path: string) => `The setting hwledger.nodePath names ${path}, which does not run.`,
  wantedTooOld: (version: string, oldest: number) =>
    `The setting hwledger.nodePath names Node.js ${version}; the service needs ${oldest} or newer.`,
  noneNewEnough: (oldest: number, own: string, onPath: string | null) =>
    `The service needs Node.js ${oldest} or newer; this editor brings ${own} and PATH has ${onPath ?? "none"}.`,
  failed: "The service's program failed",
  notRun: "could not be run or did not end in time",
  endedWith: (code: number) => `ended with ${code}`,
  failure: (version: string, path: string, how: string, said: string) =>
    `With Node.js ${version} (${path}) it ${how}. ${said}`,
  afterFailure: "Try again; the command “Show the Service's Log” tells more.",
} as const;
