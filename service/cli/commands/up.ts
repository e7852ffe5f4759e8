import { InvalidArgumentError, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createRouteClient } from "../../../protocol/client/routeClient.ts";
import { Refusal } from "../../../protocol/problem.ts";
import { startService } from "../../main.ts";
import { homeLayout, type HomeLayout } from "../../homeLayout.ts";
import type { Context } from "../context.ts";
import { readMembership } from "../readMembership.ts";
import { untilInterrupted } from "../untilInterrupted.ts";
import type { Register } from "../runCli.ts";
import { shellWord } from "../shellWord.ts";
import { startDetached } from "../startDetached.ts";

interface UpOptions {
  listen: { address: string; port: number };
  data?: string;
  detach?: true;
  inBackground?: true;
}

/** What is said of a service that has just started. */
interface Announcement extends JoinLink {
  url: string;
  fleetId: string;
  caFingerprint: string;
}

interface JoinLink {
  link: string;
  editorLink: string;
  expiresAtMs: number;
}

const defaultListen = { address: "127.0.0.1", port: 7443 };

function listenOption(text: string): { address: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined || Number(match?.[3]) > 65_535)
    throw new InvalidArgumentError("It is address:port, such as 127.0.0.1:7443 or 0.0.0.0:7443.");
  return { address, port: Number(match?.[3]) };
}

/** The option with `last` as its address resolved: where a service of the folder listened last, at first this machine only. */
function resolvedListen({ listen }: UpOptions, { listenFile }: HomeLayout): UpOptions["listen"] {
  if (listen.address !== "last") return listen;
  const address = existsSync(listenFile) ? readFileSync(listenFile, "utf8").trim() : "";
  return { ...listen, address: address === "" ? defaultListen.address : address };
}

/** `hwledger up` */
export const upCommand: Register = (program, context, run) => {
  program
    .command("up")
    .description("start the fleet's service here, in the foreground; says where it runs when it already does")
    .option("--detach", "in the background, as a process of its own that outlives this terminal")
    .option(
      "--listen <address:port>",
      "where to listen; port 0: any free one, `last:0`: where it did last",
      listenOption,
      defaultListen,
    )
    .option("--data <dir>", "data folder instead of HWLEDGER_HOME")
    .addOption(new Option("--in-background", "be the process that --detach starts").hideHelp())
    .addHelpText(
      "after",
      `
Examples:
  hwledger up                                    for this machine only
  hwledger up --detach                           in the background; \`hwledger down\` ends it
  hwledger up --listen 0.0.0.0:7443              for other machines too
  hwledger up --listen 127.0.0.1:0 --data ./lab  a second fleet, on any free port`,
    )
    .action(
      run(async (options: UpOptions) => {
        const home = options.data === undefined ? context.home : resolve(context.terminal.cwd, options.data);
        if (existsSync(home)) readMembership(homeLayout(home).identityFile); // a damaged one is told of
        if (options.detach) {
          const layout = homeLayout(home);
          const givenUp = `The start was given up: no service runs on ${home}.`;
          return await untilInterrupted(context, givenUp, (signal) =>
            upDetached(context, options, layout, signal),
          );
        }
        const service = await startService({ home, listen: resolvedListen(options, homeLayout(home)) });
        if (service.kind === "already-running") {
          await sayRunning(context, service, home);
          return undefined;
        }
        if (!options.inBackground) await announce(context, { ...service, ...service.joinLink() }, home);
        await interrupted(context);
        context.note("\nStopping …");
        await service.stop();
        context.note("Stopped. Jobs on the hosts run on.");
        return undefined;
      }),
    );
};

async function upDetached(
  context: Context,
  options: UpOptions,
  layout: HomeLayout,
  signal: AbortSignal,
): Promise<void> {
  const { address, port } = resolvedListen(options, layout);
  const host = address.includes(":") ? `[${address}]` : address;
  const { env } = context.terminal;
  const service = await startDetached({ layout, listen: `${host}:${port}`, env, signal });
  if (service.alreadyRunning) return await sayRunning(context, service, layout.directory);
  const identity = readMembership(layout.identityFile);
  if (identity === null) throw new Refusal("not-joined", { home: layout.directory });
  // A program asks for a link of the role it needs.
  if (context.json)
    return await printDocument(context, { ...identity, ...service }, layout.directory, service.pid);
  const client = createRouteClient(identity);
  try {
    const made = await client.call("createToken", { body: { role: "admin" } });
    await announce(context, { ...identity, ...service, ...made }, layout.directory, service.pid);
  } finally {
    client.close();
  }
}

async function sayRunning(
  context: Context,
  { url, pid }: { url: string; pid: number },
  home: string,
): Promise<void> {
  const document = { url, pid, home, alreadyRunning: true };
  const again = `${callOf(context, home)} token create --role admin`;
  const lines = [
    `The service of ${home} already runs at ${url} (process ${pid}).`,
    "A join link for it:",
    ...projectLines(context),
    `  ${again}`,
  ];
  await context.print(`${context.json ? JSON.stringify(document) : lines.join("\n")}\n`);
}

/** Says what runs and how to get in; `pid` when it runs in the background. */
async function announce(
  context: Context,
  service: Announcement,
  home: string,
  pid: number | null = null,
): Promise<void> {
  if (context.json) return printDocument(context, service, home, pid);
  const { out } = context;
  const { url, caFingerprint, link } = service;
  const vsix = vsixOf(context);
  const call = callOf(context, home);
  const lines = [
    out.bold("hwLedger Fleet is running."),
    "",
    `  listens at   ${url}`,
    `  CA SHA-256   ${caFingerprint}`,
    `  data         ${home}`,
    "",
    out.bold("In VS Code"),
    ...(vsix === null
      ? []
      : [
          `  install      code --install-extension ${shellWord(vsix)}`,
          `               (or Extensions view, … menu, "Install from VSIX")`,
        ]),
    `  join         command "hwLedger: Join a Fleet" with this link, once, within 15 minutes:`,
    `  ${link}`,
    "",
    out.bold("In another terminal"),
    ...projectLines(context),
    `  ${call} host ls`,
    `  ${call} host add NAME [user@]ADDRESS`,
    `  ${call} token create --role admin    (another join link)`,
    "",
    out.dim(
      pid === null
        ? "Ctrl-C stops the service; jobs on the hosts run on."
        : `It runs in the background (process ${pid}). \`${call} down\` stops it; jobs on the hosts run on.`,
    ),
  ];
  return context.print(`${lines.join("\n")}\n`);
}

/** The document of a service that has just started; in the foreground with its link. */
function printDocument(
  context: Context,
  service: Omit<Announcement, keyof JoinLink> & Partial<JoinLink>,
  home: string,
  pid: number | null,
): Promise<void> {
  const { url, fleetId, caFingerprint, link, editorLink, expiresAtMs } = service;
  const made = { url, fleetId, caFingerprint, link, editorLink, expiresAtMs };
  const started = { vsix: vsixOf(context), home, ...(pid === null ? {} : { pid }), alreadyRunning: false };
  return context.print(`${JSON.stringify({ ...made, ...started })}\n`);
}

function vsixOf({ terminal: { env } }: Context): string | null {
  return env["HWLEDGER_VSIX"] ?? null;
}

/** Where `npx hwledger` finds this program. */
function projectLines({ terminal: { env } }: Context): string[] {
  const project = env["HWLEDGER_PROJECT"];
  return project === undefined ? [] : [`  cd ${shellWord(project)}`];
}

/** How to call this program for that data folder. */
function callOf({ home: usual, terminal: { env } }: Context, home: string): string {
  const isUsual = home === usual && env["HWLEDGER_HOME"] === undefined;
  const program = env["HWLEDGER_VSIX"] === undefined ? "hwledger" : "npx hwledger";
  return isUsual ? program : `HWLEDGER_HOME=${shellWord(home)} ${program}`;
}

function interrupted(context: Context): Promise<void> {
  return new Promise((resolve) => {
    const stop = context.terminal.onInterrupt(() => {
      stop();
      resolve();
    });
  });
}
