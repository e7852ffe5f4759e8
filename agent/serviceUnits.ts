/** What starts the agent, and with which environment. */
export interface AgentCommand {
  /** Argument vector; the first is an absolute path. */
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** Name of the unit, and label of the launch agent. */
export const unitName = "hwledger-agent.service";
export const launchdLabel = "dev.hwledger.agent";

/**
 * A unit of systemd (systemd.service(5)). Its end leaves jobs alone: they are in its control group, since the agent has
 * started them.
 */
export function systemdUnit(
  { argv, env }: AgentCommand,
  wantedBy: "default.target" | "multi-user.target",
): string {
  const environment = Object.entries(env).map(
    ([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}`,
  );
  return [
    "[Unit]",
    "Description=hwLedger agent",
    "Wants=network-online.target",
    "After=network-online.target",
    "",
    "[Service]",
    // no variable is put in its place: `:` (systemd.service(5), "Command lines")
    `ExecStart=:${argv.map(systemdWord).join(" ")}`,
    ...environment,
    "Restart=always",
    "RestartSec=5",
    "KillMode=process",
    // a job that the kernel kills for its memory must not take the agent along, nor many jobs reach the unit's limit
    "OOMPolicy=continue",
    "TasksMax=infinity",
    "",
    "[Install]",
    `WantedBy=${wantedBy}`,
    "",
  ].join("\n");
}

/** Quoted as systemd.syntax(7) says; `%` begins a specifier. */
function systemdWord(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/%/g, "%%").replace(/\n/g, "\\n");
  return `"${escaped}"`;
}

/** A property list of launchd (launchd.plist(5)). Its end leaves jobs alone. */
export function launchdPlist({ argv, env }: AgentCommand, logFile: string): string {
  const strings = (texts: readonly string[]): string =>
    texts.map((text) => `<string>${xml(text)}</string>`).join("");
  const entries = Object.entries(env)
    .map(([name, value]) => `<key>${xml(name)}</key><string>${xml(value)}</string>`)
    .join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${launchdLabel}</string>
  <key>ProgramArguments</key><array>${strings(argv)}</array>
  <key>EnvironmentVariables</key><dict>${entries}</dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <key>AbandonProcessGroup</key><true/>
  <key>StandardOutPath</key><string>${xml(logFile)}</string>
  <key>StandardErrorPath</key><string>${xml(logFile)}</string>
</dict>
</plist>
`;
}

function xml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
