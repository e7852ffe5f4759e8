/** What the document for a report of a fault says around its facts. */
export const diagnosticsWords = {
  titles: {
    versions: "Versions",
    settings: "Settings",
    fleets: "Fleets",
    contact: "Contact",
    hosts: "Hosts",
    jobs: "Jobs",
    log: "Log",
  },
  document: (sections: string) => `# hwLedger Fleet: diagnostics\n\n${sections}\n`,
  versions: (program: string, protocol: number) => `extension: ${program}, protocol ${protocol}`,
  fleet: (at: number, role: string, isOfThisMachine: boolean, isShown: boolean, until: string) =>
    `${at}: ${role}, ${isOfThisMachine ? "service of this machine" : "service elsewhere"}${isShown ? ", shown" : ""}, certificate until ${until}`,
  notSet: "not set",
  noDriver: "no driver version",
  host: (at: number, connection: string, status: string, probe: string) =>
    `host ${at}: ${connection}, ${status}, probe ${probe}`,
  reading: (os: string | null, cadenceMs: number) => `${os ?? "system not known"}, every ${cadenceMs} ms`,
  noReading: "no reading",
  gpuProblem: (code: string, detail: string) => `GPU problem ${code}: ${detail}`,
  jobs: (count: number, states: string) => `${count} known: ${states}`,
} as const;
