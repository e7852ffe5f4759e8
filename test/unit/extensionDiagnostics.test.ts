import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createLogMemory, type FleetLog } from "../../extension/core/createLogMemory.ts";
import { diagnosticsText } from "../../extension/core/diagnosticsText.ts";
import { unknownFleet, withFleetData } from "../../extension/core/fleetState.ts";
import { loggedClient } from "../../extension/core/loggedClient.ts";
import { redact } from "../../extension/core/redact.ts";
import type { RouteClient } from "../../protocol/client/routeClient.ts";
import { Refusal } from "../../protocol/problem.ts";
import { aHost } from "../support/fleetRecords.ts";

const silent: FleetLog = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe("what leaves this machine in diagnostics", () => {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const token = "1eVgOOsw9uL2GQL7HEvOA_L4j-kuub93";
  const link = `hwledger://join?url=https%3A%2F%2F192.0.2.7%3A7443&token=${token}&ca=${"ab".repeat(32)}`;
  const hidden = (text: string) => redact(text, { names: [{ text: "attic-rig", as: "<host 1>" }] });

  it("has no key, also a cut one, no token, link or fingerprint", () => {
    for (const secret of [
      privateKey,
      privateKey.slice(0, 400),
      link,
      `token=${token}`,
      `"token": "${token}"`,
      token,
    ])
      for (const part of [token, "ab".repeat(32), privateKey.split("\n")[1]!])
        assert.ok(!hidden(`before ${secret} after`).includes(part), secret);
    assert.equal(hidden(`SHA256:${"A".repeat(43)}`), "<fingerprint>");
  });

  it("has no address, account or name of a host, and the same stand-in for the same name", () => {
    assert.equal(hidden("[fe80:1:2:3::1] and attic-rigs"), "<address> and attic-rigs");
    const text = hidden("attic-rig: ada@192.0.2.7:22 refuses attic-rig");
    assert.equal(text, "<host 1>: <user>@<address>:22 refuses <host 1>");
  });

  it("hides names whatever a host has written before them, and in addresses of the web", () => {
    for (const before of ["needs driver < 535.\n- ", "<", "<driver>", "<host ", "<host 12 "])
      assert.doesNotMatch(hidden(`${before}attic-rig; said`), /attic/, before);
    assert.equal(
      redact("<host 12> and 12", { names: [{ text: "12", as: "<host 3>" }] }),
      "<host 12> and <host 3>",
    );
    assert.equal(
      hidden("https://secretbox:7443/x and https://127.0.0.1:7443"),
      "https://<name>:7443/x and https://127.0.0.1:7443",
    );
  });

  it("has no name of a host that was asked for in vain, though the output shows it", async () => {
    const shown: string[] = [];
    const log = createLogMemory({ ...silent, warn: (line) => shown.push(line) }, () => 0);
    const refusal = new Refusal("host-unreachable", {
      host: "gpu7.secret.example",
      reason: "getaddrinfo ENOTFOUND gpu7.secret.example",
    });
    const client = { call: () => Promise.reject(refusal) } as unknown as RouteClient;
    await assert.rejects(loggedClient(client, log, () => 0).call("listHosts"));
    assert.match(shown.join(), /gpu7\.secret\.example/);
    assert.match(log.lines().join(), /listHosts: host-unreachable/);
    assert.doesNotMatch(log.lines().join(), /secret/);
    assert.equal(hidden("getaddrinfo ENOTFOUND jump.secret.example"), "getaddrinfo ENOTFOUND <name>");
  });

  it("keeps what helps: codes, versions and this machine's own loopback", () => {
    const text = "host-unreachable on 127.0.0.1 with Node.js 24.1.0 after 15000 ms";
    assert.equal(hidden(text), text);
    for (const plain of [
      "connect ECONNREFUSED 127.0.0.1:7443",
      "https://localhost:7443/v1/hosts and/or 3/4 n/a",
      "hwledger.hosts.groupBy at 2026-11-27T14:30:32.000Z on Linux 6.8.0-45-generic, e.g. train.py.",
    ])
      assert.equal(hidden(plain), plain);
  });

  it("knows names in any case, machines with a port or a domain, and where things lie", () => {
    for (const [text, as] of Object.entries({
      "ATTIC-Rig is away": "<host 1> is away",
      "ada@Attic-Rig and ada@nas": "<user>@<host 1> and <user>@<name>",
      "attic-rig.example.org:22": "<name>:22",
      "nas:2049 and https://jump.example.org:7443/v1": "<name>:2049 and https://<name>:7443/v1",
      "open '/srv/my-data/x.pem', ~/fleet, key:/k/id": "open '<path>', <path>, key:<path>",
      '{"path":"D:\\\\secret\\\\x"} at f (/srv/x.js:1:2)': '{"path":"<path>"} at f (<path>:1:2)',
    }))
      assert.equal(hidden(text), as);
  });

  it("describes hosts by what they are, not by what they are called", () => {
    const secretive = aHost({ name: "attic-rig" });
    const data = { kind: "fleet" as const, hosts: [secretive], jobs: [], removedHostIds: [] };
    const text = diagnosticsText({
      editor: { editor: "Code 1.1" },
      settings: { "hwledger.dataFolder": "/home/ada/fleet", "hwledger.nodePath": "" },
      pathSettings: ["hwledger.dataFolder", "hwledger.nodePath"],
      profiles: [],
      shown: null,
      fleet: withFleetData(unknownFleet, data, { whole: true, nowMs: 0 }),
      contact: { kind: "live" },
      log: ["getStatus: host attic-rig of ada at /home/ada/x"],
      homeFolder: "/home/ada",
      account: "ada",
    });
    assert.match(text, /- host 1: ssh, online, probe on, Debian 12/);
    assert.match(text, /- hwledger\.dataFolder: "set"\n- hwledger\.nodePath: "not set"/);
    assert.match(text, /- getStatus: host <host 1> of <account> at <path>/);
    assert.ok(!text.includes("attic") && !text.includes("ada"));
  });

  it("tells of a host out of reach how it stands, not what ssh calls it or where its key lies", () => {
    const alias = "gpu-box";
    const host = aHost({
      name: "attic",
      connection: {
        kind: "ssh",
        alias,
        port: null,
        user: null,
        identityFile: "/keys/acme-prod/id",
        hostKey: null,
      },
      status: {
        kind: "unreachable",
        sinceMs: 0,
        code: "host-unreachable",
        reason: `${alias} (gpu7.secret.example:22) cannot be reached`,
        lastSeenAtMs: null,
      },
    });
    const data = { kind: "fleet" as const, hosts: [host], jobs: [], removedHostIds: [] };
    const text = diagnosticsText({
      editor: {},
      settings: { "hwledger.dataFolder": "/srv/acme", "hwledger.nodePath": "C:\\Users\\Ada\\node.exe" },
      pathSettings: ["hwledger.dataFolder", "hwledger.nodePath"],
      profiles: [],
      shown: null,
      fleet: withFleetData(unknownFleet, data, { whole: true, nowMs: 0 }),
      contact: { kind: "live" },
      log: [
        "warn GPU-Box: the key /keys/acme-prod/id of gpu7.secret.example:22 is not read",
        "warn ssh: connect to host gpu7 port 22, then Gpu-Box",
        "warn C:\\Users\\Ada\\fleet\\x.json:3:1 and \\\\nas\\acme\\x and file:///srv/acme/x.js:12:7",
      ],
      homeFolder: "/home/ada",
      account: "ada",
    });
    assert.match(text, /host 1: ssh, unreachable \(host-unreachable\), probe on/);
    assert.match(text, /<host 1>: the key <path> of <name>:22 is not read/);
    assert.match(text, /connect to host <name> port 22, then <host 1>/);
    assert.match(text, /warn <path>:3:1 and <path> and <path>:12:7/);
    assert.doesNotMatch(text, /gpu-?box|gpu7|secret|acme|keys|users|ada|nas/i);
  });
});

describe("the extension's log", () => {
  it("keeps the last lines with their time, without the finest", () => {
    const log = createLogMemory(silent, () => 0);
    for (let index = 0; index < 400; index += 1) log.info(`line ${index}`);
    log.trace("fine");
    assert.equal(log.lines().length, 300);
    assert.equal(log.lines().at(-1), "1970-01-01T00:00:00.000Z info line 399");
  });

  it("has each call with its time, and each refusal with its code, and never what was sent", async () => {
    const log = createLogMemory(silent, () => 0);
    const client = {
      call: (name: string) =>
        name === "getStatus"
          ? Promise.resolve({})
          : Promise.reject(new Refusal("host-not-found", { host: "x", known: "y" })),
    } as unknown as RouteClient;
    const logged = loggedClient(client, log, () => 0);
    await logged.call("getStatus");
    await assert.rejects(
      logged.call("answerPrompt", { params: { prompt: "p" }, body: { answer: "hunter2" } }),
    );
    const [first, second] = log.lines();
    assert.match(first ?? "", /debug getStatus: done in 0 ms$/);
    assert.match(second ?? "", /warn answerPrompt: host-not-found: /);
    assert.ok(!log.lines().join("").includes("hunter2"));
  });
});
