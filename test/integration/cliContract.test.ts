import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { startLab, type Lab } from "../lab/startLab.ts";
import { until } from "../support/until.ts";
import {
  buildBundleIfStale,
  runBundle,
  runJson,
  startBundle,
  startUp,
  systemNode,
  type BundleService,
} from "./cliBundle.ts";

type Document = Record<string, unknown>;

/** Every byte there is: NUL, control characters, and no valid UTF-8. */
const everyByte = Buffer.from(Array.from({ length: 512 }, (_, at) => at % 256));
const tell = "import json, os, sys\nprint(json.dumps([sys.argv[1:], os.environ.get('K')]))\nsys.exit(3)\n";
const wordy = ["-x", "", "a b", "new\nline", "ü", "$HOME", `'"`, "--json", "--"];
const count =
  "import time\nfor n in range(40):\n    print(n, flush=True)\n    time.sleep(0.1)\nraise SystemExit(7)\n";

describe(`the real program under ${systemNode}`, function () {
  this.timeout(60_000);
  let dir = "";
  let home = "";
  let lab: Lab;
  let service: BundleService;

  before(async () => {
    await buildBundleIfStale();
    dir = await mkdtemp(join(tmpdir(), "hwledger-cli-"));
    home = join(dir, "fleet");
    const work = join(dir, "work");
    for (const folder of [home, work]) await mkdir(folder);
    const bytes = "import sys\nsys.stdout.buffer.write(2 * bytes(range(256)))\n";
    await writeFile(join(work, "tell it's $x\n.py"), tell);
    await writeFile(join(work, "bytes.py"), bytes);
    await writeFile(join(work, "count.py"), count);
    lab = await startLab({
      dir: join(dir, "lab"),
      hosts: [
        { name: "rtx-box", gpus: "rtx-box" },
        { name: "spark", gpus: "spark" },
        { name: "worn", gpus: "worn-3090" },
      ],
    });
    service = await startUp(home);
    for (const host of lab.hosts) {
      const { name, address, port, user, identityFile, hostKeyFingerprint } = host;
      const where = `${user}@${address}:${port}`;
      const keys = ["--identity", identityFile, "--host-key", hostKeyFingerprint];
      const added = await runBundle(home, "host", "add", name, where, ...keys);
      assert.equal(added.code, 0, added.err);
    }
  });
  after(async () => {
    const code = await service.end("SIGTERM");
    await lab.stop();
    await rm(dir, { recursive: true, force: true });
    assert.equal(code, 0, "up ends cleanly at SIGTERM");
  });

  const file = (name: string): string => join(dir, "work", name);
  const holds = (document: unknown, fields: readonly string[]): void => {
    for (const field of fields) assert.ok(field in (document as Document), `${field} is missing`);
  };

  it("says where it runs, also to a second `up`", async () => {
    holds(service.document, ["url", "fleetId", "caFingerprint", "link", "editorLink", "expiresAtMs"]);
    const { code, document } = await runJson(home, "up", "--listen", "127.0.0.1:1");
    const { url, alreadyRunning } = document as Document;
    assert.deepEqual([code, url, alreadyRunning], [0, service.document["url"], true]);
  });

  it("answers status and host ls with the contract's fields", async () => {
    const { document: status } = await runJson(home, "status");
    holds(status, ["fleetId", "url", "caFingerprint", "version"]);
    const { document } = await runJson(home, "host", "ls");
    const hosts = document as { id: string; name: string; status: { kind: string }; gpus: Document[] }[];
    assert.equal(hosts.length, 4);
    const spark = hosts.find(({ name }) => name === "spark");
    assert.equal(spark?.status.kind, "online");
    for (const gpu of hosts.flatMap(({ gpus }) => gpus)) {
      assert.equal(typeof gpu["uuid"], "string");
      assert.equal(typeof gpu["name"], "string");
      const readings = ["utilizationPct", "memoryUsedBytes", "memoryTotalBytes", "temperatureC", "powerW"];
      for (const name of readings) {
        const [[key, value] = []] = Object.entries(gpu[name] as Document);
        assert.ok(key === "value" ? typeof value === "number" : key === "unsupported", name);
      }
    }
    assert.deepEqual(spark.gpus[0]?.["memoryUsedBytes"], { unsupported: "unified" });
  });

  it("dispatches any name, argument and environment unharmed: log on stderr, document on stdout", async () => {
    const flags = ["--host", "rtx-box", "--follow", "--env", "K=a=b c"];
    const run = await runJson(home, "dispatch", file("tell it's $x\n.py"), ...flags, "--", ...wordy);
    assert.equal(run.code, 3, run.err);
    const line = run.err.split("\n").find((text) => text.startsWith("[["));
    assert.deepEqual(JSON.parse(line ?? "null"), [wordy, "a=b c"]);
    const fields = ["id", "state", "exitCode", "cause", "host", "logBytes"];
    holds(run.document, [...fields, "createdAtMs", "startedAtMs", "endedAtMs"]);
    const { id, exitCode, state, host } = run.document as Document;
    assert.deepEqual([exitCode, state, host], [3, "failed", "rtx-box"]);
    const shown = await runJson(home, "job", "show", String(id));
    assert.deepEqual(shown.document, run.document);
    const { document: jobs } = await runJson(home, "job", "ls", "-n", "1");
    assert.deepEqual(jobs, [run.document]);
  });

  it("writes a log's raw bytes, and is quiet when the reader leaves", async () => {
    const { document } = await runJson(home, "dispatch", file("bytes.py"), "--host", "rtx-box");
    holds(document, ["jobId", "host"]);
    const { jobId } = document as { jobId: string };
    const followed = await runBundle(home, "logs", jobId, "--follow");
    const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    assert.deepEqual([followed.code, followed.err, sha(followed.out)], [0, "", sha(everyByte)]);
    const rest = await runBundle(home, "logs", jobId, "--offset", "200", "--json");
    assert.equal(sha(rest.out), sha(everyByte.subarray(200)));
    const left = startBundle(home, ["logs", jobId]);
    left.stdout.destroy();
    const [complaint, [code]] = await Promise.all([
      buffer(left.stderr),
      once(left, "exit") as Promise<[number | null]>,
    ]);
    assert.deepEqual([code, complaint.toString("utf8")], [0, ""]);
  });

  it("ends with 2 for wrong usage, with 4 for what is refused, and tells of both in one document", async () => {
    const cases: [number, string, string[]][] = [
      [2, "usage", ["bogus"]],
      [2, "usage", ["job", "ls", "--limit", "0"]],
      [2, "usage", ["dispatch", file("count.py"), "--follow", "--host", ""]],
      [4, "host-not-found", ["host", "show", "nobody"]],
      [4, "file-not-found", ["dispatch", file("nothing.py"), "--host", "rtx-box"]],
      [4, "no-host-fits", ["dispatch", file("count.py")]],
      [255, "host-not-found", ["dispatch", file("count.py"), "--host", "nobody", "--follow"]],
    ];
    const runs = await Promise.all(cases.map(([, , args]) => runJson(home, ...args)));
    for (const [at, [code, problem, args]] of cases.entries()) {
      const told = (runs[at]?.document as { problem: Document }).problem;
      assert.deepEqual([runs[at]?.code, told["code"]], [code, problem], args.join(" "));
      holds(told, ["code", "title", "detail", "next"]);
    }
  });

  it("ends with 3 where the service or the membership is not there, without a stack", async () => {
    const damaged = join(dir, "damaged");
    await mkdir(damaged);
    await writeFile(join(damaged, "identity.json"), "{");
    const aFile = join(dir, "a-file");
    await writeFile(aFile, "");
    const [none, broken, noFolder] = await Promise.all(
      [join(dir, "none"), damaged, aFile].map((place) => runBundle(place, "status")),
    );
    assert.deepEqual([none?.code, broken?.code, noFolder?.code], [3, 3, 4]);
    for (const run of [none, broken, noFolder]) {
      assert.equal(run?.out.length, 0);
      assert.match(run?.err ?? "", /^[^\n]+\n→ [^\n]+\n$/);
    }
  });

  it("lets a viewer look and not dispatch, and a link be used once", async () => {
    const { document } = await runJson(home, "token", "create", "--role", "viewer", "--ttl", "5m");
    const { link, expiresAtMs } = document as { link: string; expiresAtMs: number };
    assert.ok(expiresAtMs > Date.now() && expiresAtMs < Date.now() + 301_000);
    const viewer = join(dir, "viewer");
    await mkdir(viewer);
    assert.equal((await runBundle(viewer, "join", link, "--name", "vera")).code, 0);
    const [looks, refused, used] = await Promise.all([
      runJson(viewer, "host", "ls"),
      runJson(viewer, "dispatch", file("count.py"), "--host", "rtx-box"),
      runJson(viewer, "join", link),
    ]);
    const codeOf = ({ document: told }: { document: unknown }) =>
      (told as { problem: Document }).problem["code"];
    assert.equal(looks.code, 0);
    assert.deepEqual([refused.code, codeOf(refused)], [4, "role-insufficient"]);
    assert.deepEqual([used.code, codeOf(used)], [4, "token-used"]);
  });

  it("follows on without gap or repetition over a killed service whose files are left behind", async () => {
    const follow = startBundle(home, ["dispatch", file("count.py"), "--host", "rtx-box", "--follow"]);
    const exit = once(follow, "exit") as Promise<[number | null]>;
    let out = "";
    let err = "";
    follow.stdout.on("data", (part: Buffer) => (out += part.toString("utf8")));
    follow.stderr.on("data", (part: Buffer) => (err += part.toString("utf8")));
    await until(() => out.includes("5\n"), "the log has begun", 20_000);
    await service.kill();
    await until(() => err.includes("Lost contact"), "the loss was told of");
    const unreachable = await runJson(home, "status");
    assert.equal(unreachable.code, 3);
    const { host: where } = new URL(String(service.document["url"]));
    service = await startUp(home, where);
    assert.equal((await exit)[0], 7, err);
    assert.equal(out, Array.from({ length: 40 }, (_, n) => `${n}\n`).join(""));
    const { code, document } = await runJson(home, "ledger", "verify");
    assert.equal(code, 0);
    assert.equal((document as Document)["ok"], true);
    holds(document, ["events", "head"]);
  });
});
