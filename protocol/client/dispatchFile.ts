import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, open, readlink, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Readable } from "node:stream";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { buffer } from "node:stream/consumers";
import { mostArguments, type JobRecord, type JobSpec } from "../job.ts";
import { launchOf } from "../launch.ts";
import { Refusal, RemoteProblem } from "../problem.ts";
import { inlineWorkspaceLimitBytes } from "../routes/jobRoutes.ts";
import { gitTop } from "./gitFiles.ts";
import { isInside } from "./isInside.ts";
import { listWorkspace } from "./listWorkspace.ts";
import { packStream, planPack, type PackPlan } from "./packWorkspace.ts";
import type { RouteClient } from "./routeClient.ts";
import { namesInside, resolvedFiles, type UnsavedFiles } from "./unsavedFiles.ts";

/** What to run where. */
export interface DispatchRequest {
  /** Path of the script on this machine; with `text`, its name only. */
  file: string;
  /** The script itself, when it is in no file: it is sent alone, under the name `file`. */
  text?: Uint8Array;
  /** What an editor holds unsaved, by absolute path: sent in place of what is on disk, where the file is sent at all. */
  unsaved?: UnsavedFiles;
  /** Host name or id; left out: the only online host with a free GPU. */
  host?: string;
  args?: string[];
  env?: Record<string, string>;
  timeoutMs?: number | null;
  /** Interpreter on the host for a Python script. */
  python?: string | null;
  /** `script`: the file alone. A folder: that folder. Left out: the script's git work tree, else its folder. */
  workspace?: "script" | { directory: string };
  /** The key of an earlier try whose answer was lost: what that has created is not created again. Left out: a new one. */
  idempotencyKey?: string;
  /** Most bytes of files to send; default 256 MiB. */
  limitBytes?: number;
  /**
   * Gives the dispatch up: rejects with an `AbortError` once nothing was sent or the job is cancelled; `dispatch-unanswered`
   * where that is not known.
   */
  signal?: AbortSignal;
  /** Told how many bytes of a workspace that is too large for the order itself are on their way, of how many. */
  onSent?: (bytes: number, ofBytes: number) => void;
}

/** So long the service has to answer that a job is cancelled; a workspace on its way goes on meanwhile. */
const cancelLimitMs = 5_000;

/** Default of the most bytes of files that a dispatch sends. */
export const defaultWorkspaceLimitBytes = 256 * 1_048_576;

/**
 * Sends a script with its workspace to a host and answers with the job as the service took it.
 * A repeated request after a lost answer does not run it twice. Rejects with Refusal or RemoteProblem.
 */
export async function dispatchFile(client: RouteClient, request: DispatchRequest): Promise<JobRecord> {
  const count = request.args?.length ?? 0;
  if (count > mostArguments)
    throw new Refusal("usage", {
      reason: `${count} arguments are too many: a job takes ${mostArguments}. Put them into a file of the workspace.`,
    });
  const { plan, script } = await (request.text ? planText(request.file, request.text) : planOf(request));
  const sent = plan.entries.find(({ name }) => name === script)?.bytes;
  const firstLine = sent ? firstLineOf(sent) : await readFirstLine(resolve(request.file));
  const launch = launchOf(script, firstLine, request.python ?? null);
  if (launch === null) throw new Refusal("no-interpreter", { script });
  if (request.python && (launch.kind !== "path" || launch.path !== request.python))
    throw new Refusal("usage", { reason: `A Python is named, but ${script} is not run by Python.` });
  const spec: JobSpec = {
    script,
    args: request.args ?? [],
    launch,
    env: request.env ?? {},
    timeoutMs: request.timeoutMs ?? null,
  };
  const inline = plan.tarBytes <= inlineWorkspaceLimitBytes;
  const tar = packStream(plan);
  let job: JobRecord;
  try {
    job = await createOnce(client, request, spec, inline ? await buffer(tar) : null, plan.tarBytes);
  } catch (error) {
    tar.destroy();
    throw error;
  }
  return inline ? job : await sendTar(client, request, job, tar, plan.tarBytes);
}

/** Sends the workspace of a job that waits for it. What the person gives up is cancelled, not a transfer that broke off. */
async function sendTar(
  client: RouteClient,
  { signal, onSent }: DispatchRequest,
  job: JobRecord,
  tar: Readable,
  ofBytes: number,
): Promise<JobRecord> {
  const broken = new AbortController();
  /** Whether it was cancelled; null where that was not answered. */
  let takenBack = Promise.resolve<boolean | null>(false);
  const giveUp = (): void => {
    takenBack = isTakenBack(client, job).catch(() => null);
    void takenBack.finally(() => broken.abort());
  };
  signal?.addEventListener("abort", giveUp);
  try {
    const sent = await client.upload("uploadWorkspace", { job: job.id }, tar, {
      silenceMs: 120_000,
      signal: broken.signal,
      onSent: (bytes) => onSent?.(bytes, ofBytes),
    });
    if (await takenBack) signal?.throwIfAborted();
    return sent;
  } catch (error) {
    if ((await takenBack) === null) throw unanswered(job.script, error); // it may have arrived whole
    signal?.throwIfAborted();
    if (!isUnreachable(error)) throw error;
    throw new Refusal("upload-interrupted", { ...error.facts, job: job.id }, { cause: error });
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/**
 * Creates the job; after a lost connection once more with the same key, which answers with the same job. An order that was
 * sent is not taken back by hanging up, which would leave a job that runs and that nobody here knows: who gives it up waits
 * for the answer, and the job is cancelled. One that has ended by then is answered with.
 */
async function createOnce(
  client: RouteClient,
  { signal, host, idempotencyKey = randomUUID() }: DispatchRequest,
  spec: JobSpec,
  tar: Buffer | null,
  bytes: number,
): Promise<JobRecord> {
  signal?.throwIfAborted();
  const workspace = tar
    ? ({ kind: "inline", tarBase64: tar.toString("base64") } as const)
    : ({ kind: "upload", bytes } as const);
  const body = { ...(host ? { host } : {}), spec, workspace };
  const options = { idempotencyKey };
  const send = () => client.call("createJob", { body }, options);
  try {
    const job = await send().catch((error: unknown) => {
      if (isUnreachable(error)) return send();
      throw error;
    });
    if (signal?.aborted && (await isTakenBack(client, job))) signal.throwIfAborted();
    return job;
  } catch (error) {
    if (!signal?.aborted || !isUnreachable(error)) throw error;
    throw unanswered(spec.script, error);
  }
}

/** Has a job that was given up cancelled. Whether it is; it may have ended. */
async function isTakenBack(client: RouteClient, job: JobRecord): Promise<boolean> {
  try {
    await client.call("cancelJob", { params: { job: job.id } }, { silenceMs: cancelLimitMs });
    return true;
  } catch (error) {
    if (error instanceof RemoteProblem) return false;
    throw error;
  }
}

function unanswered(script: string, cause: unknown): Refusal {
  const facts = isUnreachable(cause) ? cause.facts : { url: "The service", reason: "no answer in time" };
  return new Refusal("dispatch-unanswered", { ...facts, script }, { cause });
}

function isUnreachable(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === "service-unreachable";
}

/** The folder that goes along with a script where none is named: its git work tree, else its folder. */
export async function workspaceOf(file: string): Promise<string> {
  const folder = await realpath(dirname(resolve(file)));
  return (await gitTop(folder)) ?? folder;
}

interface ScriptPlan {
  plan: PackPlan;
  /** The script's name in the plan. */
  script: string;
}

async function planText(script: string, text: Uint8Array): Promise<ScriptPlan> {
  const nowhere = join(tmpdir(), randomUUID());
  const overrides = new Map([[script, text]]);
  return { plan: await planPack(nowhere, [script], defaultWorkspaceLimitBytes, { overrides }), script };
}

async function planOf(request: DispatchRequest): Promise<ScriptPlan> {
  const unsaved = await resolvedFiles(request.unsaved ?? new Map<string, Uint8Array>());
  const file = await scriptPath(request.file, unsaved);
  const limitBytes = request.limitBytes ?? defaultWorkspaceLimitBytes;
  const folder = dirname(file);
  if (request.workspace === "script") {
    const script = basename(file);
    const exceptions = { followed: [script], overrides: namesInside(folder, unsaved) };
    return { plan: await planPack(folder, [script], limitBytes, exceptions), script };
  }
  const directory = request.workspace ? await folderPath(request.workspace.directory) : undefined;
  const workspace = await listWorkspace(folder, directory);
  const script = relative(workspace.root, file).split(sep).join("/");
  if (!isInside(workspace.root, file))
    throw new Refusal("usage", { reason: `${basename(file)} does not lie in the folder ${workspace.root}.` });
  // The file in front of the person goes along even where git ignores it.
  const files = workspace.files.includes(script) ? workspace.files : [...workspace.files, script];
  const overrides = namesInside(workspace.root, unsaved);
  const followed = (await leadsNowhereElsewhere(file, workspace.root)) ? [script] : [];
  return { plan: await planPack(workspace.root, files, limitBytes, { followed, overrides }), script };
}

/** Whether a linked script would not find what it leads to on another machine. */
async function leadsNowhereElsewhere(file: string, root: string): Promise<boolean> {
  if (!existsSync(file)) return false; // unsaved, and deleted meanwhile
  if (!(await lstat(file)).isSymbolicLink()) return false;
  return isAbsolute(await readlink(file)) || !isInside(root, await realpath(file));
}

async function folderPath(directory: string): Promise<string> {
  try {
    const path = await realpath(resolve(directory));
    if (!(await stat(path)).isDirectory()) throw new Error("it is not a folder");
    return path;
  } catch (cause) {
    throw notFound(directory, cause);
  }
}

async function scriptPath(file: string, unsaved: UnsavedFiles): Promise<string> {
  try {
    // The folder is resolved, the file itself is not: a linked script runs under the name the person chose.
    const path = resolve(await realpath(dirname(resolve(file))), basename(file));
    if (unsaved.has(path)) return path;
    if (!(await stat(path)).isFile()) throw new Error("it is not a file");
    return path;
  } catch (cause) {
    throw notFound(file, cause);
  }
}

function notFound(file: string, cause: unknown): Refusal {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "there is no such file" : message;
  return new Refusal("file-not-found", { file, reason }, { cause });
}

async function readFirstLine(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer: bytes, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return firstLineOf(bytes.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function firstLineOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 512)).toString("utf8").split(/\r?\n/, 1)[0] ?? "";
}
