import { randomUUID } from "node:crypto";
import { lstat, open, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { buffer } from "node:stream/consumers";
import { mostArguments, type JobRecord, type JobSpec } from "../job.ts";
import { launchOf } from "../launch.ts";
import { Refusal } from "../problem.ts";
import { inlineWorkspaceLimitBytes } from "../routes/jobRoutes.ts";
import { listWorkspace } from "./listWorkspace.ts";
import { packStream, planPack, type PackPlan } from "./packWorkspace.ts";
import type { RouteClient } from "./routeClient.ts";

/** What to run where. */
export interface DispatchRequest {
  /** Path of the script on this machine. */
  file: string;
  /** Host name or id; left out: the only online host with a free GPU. */
  host?: string;
  args?: string[];
  env?: Record<string, string>;
  timeoutMs?: number | null;
  /** Interpreter on the host for a Python script. */
  python?: string | null;
  /** `script`: the file alone. A folder: that folder. Left out: the script's git work tree, else its folder. */
  workspace?: "script" | { directory: string };
  /** Most bytes of files to send; default 256 MiB. */
  limitBytes?: number;
  signal?: AbortSignal;
}

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
  const { plan, script } = await planOf(request);
  const firstLine = await readFirstLine(resolve(request.file));
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
  if (inline) return job;
  const upload = { silenceMs: 120_000, ...(request.signal ? { signal: request.signal } : {}) };
  try {
    return await client.upload("uploadWorkspace", { job: job.id }, tar, upload);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "service-unreachable") throw error;
    throw new Refusal("upload-interrupted", { ...error.facts, job: job.id }, { cause: error });
  }
}

/** Creates the job; after a lost connection once more with the same key, which answers with the same job. */
async function createOnce(
  client: RouteClient,
  request: DispatchRequest,
  spec: JobSpec,
  tar: Buffer | null,
  bytes: number,
): Promise<JobRecord> {
  const workspace = tar
    ? ({ kind: "inline", tarBase64: tar.toString("base64") } as const)
    : ({ kind: "upload", bytes } as const);
  const body = { ...(request.host ? { host: request.host } : {}), spec, workspace };
  const options = { idempotencyKey: randomUUID(), ...(request.signal ? { signal: request.signal } : {}) };
  try {
    return await client.call("createJob", { body }, options);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "service-unreachable") throw error;
    return client.call("createJob", { body }, options);
  }
}

async function planOf(request: DispatchRequest): Promise<{ plan: PackPlan; script: string }> {
  const file = await scriptPath(request.file);
  const limitBytes = request.limitBytes ?? defaultWorkspaceLimitBytes;
  const folder = dirname(file);
  if (request.workspace === "script") {
    const script = basename(file);
    return { plan: await planPack(folder, [script], limitBytes, [script]), script };
  }
  const directory = request.workspace ? await folderPath(request.workspace.directory) : undefined;
  const workspace = await listWorkspace(folder, directory);
  const script = relative(workspace.root, file).split(sep).join("/");
  if (!isInside(workspace.root, file))
    throw new Refusal("usage", { reason: `${basename(file)} does not lie in the folder ${workspace.root}.` });
  // The file in front of the person goes along even where git ignores it.
  const files = workspace.files.includes(script) ? workspace.files : [...workspace.files, script];
  const followed = (await leadsNowhereElsewhere(file, workspace.root)) ? [script] : [];
  return { plan: await planPack(workspace.root, files, limitBytes, followed), script };
}

/** Whether a linked script would not find what it leads to on another machine. */
async function leadsNowhereElsewhere(file: string, root: string): Promise<boolean> {
  if (!(await lstat(file)).isSymbolicLink()) return false;
  return isAbsolute(await readlink(file)) || !isInside(root, await realpath(file));
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
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

async function scriptPath(file: string): Promise<string> {
  try {
    // The folder is resolved, the file itself is not: a linked script runs under the name the person chose.
    const path = resolve(await realpath(dirname(resolve(file))), basename(file));
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
    return bytes.toString("utf8", 0, bytesRead).split(/\r?\n/, 1)[0] ?? "";
  } finally {
    await handle.close();
  }
}
