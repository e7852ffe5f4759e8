import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { certificatesIn, fingerprintOf } from "../../protocol/client/caChain.ts";
import { identitySchema, type Identity } from "../../protocol/client/identity.ts";
import { joinFleet } from "../../protocol/client/joinFleet.ts";
import { createRouteClient, type RouteClient } from "../../protocol/client/routeClient.ts";
import { openStream, type StreamState } from "../../protocol/client/streamClient.ts";
import {
  fetchAuthorities,
  renewIdentity,
  renewNow,
  tendIdentity,
  upkeepDue,
} from "../../protocol/client/tendIdentity.ts";
import type { UserRole } from "../../protocol/ids.ts";
import { Refusal, RemoteProblem } from "../../protocol/problem.ts";
import { startTestService, type TestService } from "../support/startTestService.ts";
import { certificateRequest } from "../support/certificates.ts";
import { openTls, tlsOptions } from "../support/tlsRequest.ts";
import { until } from "../support/until.ts";

const run = promisify(execFile);
const dayMs = 86_400_000;

describe("a rotation of the certificate authority, over real TLS", function () {
  this.timeout(120_000);
  let service: TestService;
  let clockMs = 0;

  before(async () => {
    service = await startTestService({ now: () => Date.now() + clockMs });
  });
  after(() => service.end());

  const owner = (): Identity =>
    identitySchema.parse(JSON.parse(readFileSync(join(service.home, "identity.json"), "utf8")));
  const rotate = (sign: "when-known" | "now", force = false) =>
    service.clientOf(owner()).call("rotateCa", { body: { sign, force } });
  /** A member that joins by a link of the owner's as it is now, after how many rotations ever. */
  const joined = async (role: UserRole): Promise<Identity> =>
    joinFleet((await service.clientOf(owner()).call("createToken", { body: { role } })).link, { name: role });
  const generations = (identity: Identity): number => certificatesIn(identity.caPem).length;

  /** One request on a connection of its own: the code of its problem, or nothing. */
  async function codeOf(identity: Identity): Promise<string> {
    const client = createRouteClient(identity);
    try {
      await client.call("getStatus");
      return "";
    } catch (error) {
      if (error instanceof RemoteProblem) return error.problem.code;
      return error instanceof Refusal ? error.code : String(error);
    } finally {
      client.close();
    }
  }

  /** Who signed the certificate that the service shows now. */
  async function issuerShown(): Promise<string> {
    const socket = await openTls(service.port, tlsOptions(owner().caPem, null));
    const { issuer } = socket.getPeerX509Certificate() ?? assert.fail("no certificate");
    socket.destroy();
    return issuer;
  }

  it("goes on in phases that admins see, and cuts nobody off", async () => {
    const member = await joined("operator");
    const states: StreamState["kind"][] = [];
    const stream = openStream({
      identity: member,
      client: "test",
      onState: ({ kind }) => void states.push(kind),
    });
    await until(() => states.includes("connected"), "the stream is connected");
    const link = await service.link("viewer");
    const before = await issuerShown();

    assert.match((await rotate("when-known")).phase, /announce|distribute/); // the owner's file is the service's to keep
    await assert.rejects(rotate("when-known"), /was made and does not sign yet/);
    const fetched = await fetchAuthorities(member, Date.now());
    assert.deepEqual([generations(member), generations(fetched)], [1, 2]);
    const { members, bundle } = {
      ...(await service.client.call("listMembers")),
      bundle: await service.client.call("getCaBundle"),
    };
    assert.equal(bundle.phase, "distribute");
    assert.equal(members.find(({ name }) => name === member.member)?.trusts.length, 2);
    assert.equal(await issuerShown(), before);

    assert.equal((await rotate("now")).phase, "issue");
    assert.notEqual(await issuerShown(), before);
    assert.deepEqual(
      states.filter((kind) => kind !== "connecting"),
      ["connected"],
    );
    for (const known of [member, fetched]) assert.equal(await codeOf(known), "");
    await until(() => generations(owner()) === 2, "the owner's file has both authorities");
    assert.equal(await codeOf(owner()), "");
    const saved: Identity[] = [];
    const renewed = await renewIdentity(fetched, (identity) => void saved.push(identity));
    assert.equal(new X509Certificate(renewed.certificatePem).issuer, await issuerShown());
    assert.equal(saved[0]?.renewal?.keyPem, renewed.keyPem);
    assert.equal(saved.at(-1), renewed);
    assert.equal(await codeOf(renewed), "");
    stream.close();
    // A link from before names an authority that no longer signs, and leads in all the same.
    const guest = await joinFleet(link, { name: "guest" });
    assert.equal(new X509Certificate(guest.certificatePem).issuer, await issuerShown());
    assert.deepEqual([generations(guest), await codeOf(guest)], [2, ""]);
    const late = await joinFleet(
      (await service.clientOf(owner()).call("createToken", { body: { role: "viewer" } })).link,
      { name: "late" },
    );
    assert.equal(generations(late), 2);
    // Who was in before it signed, and joins anew, is led there by what it trusts.
    const anew = { role: "viewer" as const };
    const back = await joinFleet((await service.clientOf(owner()).call("createToken", { body: anew })).link, {
      known: [member],
    });
    assert.equal(generations(back), 2);
    assert.equal(await codeOf(late), "");
  });

  it("destroys the key of the authority before", () => {
    assert.deepEqual(readdirSync(join(service.home, "keys")), ["ca.json"]);
    const kept = JSON.parse(readFileSync(join(service.home, "keys", "ca.json"), "utf8")) as {
      certificatePem: string;
    };
    assert.equal(
      new X509Certificate(kept.certificatePem).subject,
      new X509Certificate(kept.certificatePem).issuer,
    );
  });

  it("is followed by who slept through three, also by curl, and by nobody's authority who slept through four", async () => {
    const sleeper = await joined("viewer");
    const asleep: Identity = { ...sleeper };
    for (let time = 1; time <= 3; time += 1) await rotate("now");
    assert.equal(await codeOf(asleep), "");
    const folder = service.home;
    for (const [name, pem] of Object.entries({
      "ca.pem": asleep.caPem,
      "cert.pem": asleep.certificatePem,
      "key.pem": asleep.keyPem,
    }))
      writeFileSync(join(folder, name), pem);
    const shown = ["--cacert", "ca.pem", "--cert", "cert.pem", "--key", "key.pem"];
    const { stdout } = await run("curl", ["-s", ...shown, `${service.url}/v1/status`], { cwd: folder });
    assert.match(stdout, /"role":"viewer"/);
    const awake = await fetchAuthorities(asleep, Date.now());
    const before = (await service.clientOf(owner()).call("getCaBundle")).cas.length;
    for (const when of ["now", "when-known"] as const)
      await assert.rejects(rotate(when), (error) => codeIn(error) === "rotation-cuts-off", when);
    // What was refused is not begun either: an authority that was made would sign by itself some days later.
    assert.equal((await service.clientOf(owner()).call("getCaBundle")).cas.length, before);
    assert.equal(await codeOf(asleep), "");
    await rotate("now", true);
    assert.equal(await codeOf(asleep), "service-untrusted");
    assert.equal(await codeOf(awake), "");
    // Who is cut off already keeps no further rotation from anybody.
    await rotate("when-known");
  });

  it("gives no bundle to a revoked member's token", async () => {
    const member = await joined("viewer");
    await service.clientOf(owner()).call("revokeMember", { params: { member: member.member } });
    const fetched = fetchAuthorities(member, Date.now());
    await assert.rejects(fetched, (error) => codeIn(error) === "certificate-refused");
  });

  it("is asked for no more than ten times a minute", async () => {
    const member = await joined("viewer");
    const client = service.clientOf(member);
    assert.deepEqual(await elevenRenewals(client), tenAtMost);
  });

  it("is asked for by a certificate that has run out without using up what its member may ask", async () => {
    const client = service.clientOf(owner());
    clockMs = -100 * dayMs;
    const made = await client.call("createToken", { body: { role: "operator" } });
    const worn = await joinFleet(made.link, { name: "worn" });
    clockMs = 0;
    const back = await client.call("createToken", { body: { member: "worn" } });
    const renewed = await joinFleet(back.link);
    const thief = service.clientOf(worn);
    assert.deepEqual(await elevenRenewals(thief), tenAtMost);
    assert.equal(await codeOf(await renewIdentity(renewed, () => undefined)), "");
  });

  it("opens nothing but the bundle by that token", async () => {
    const member = await joined("admin");
    const { url, caPem, fleetId, bundleToken } = member;
    const bare = createRouteClient({ url, caPem, fleetId });
    const bearer = bundleToken ?? "";
    const trusted = async () =>
      (await service.clientOf(owner()).call("listMembers")).members.find(({ name }) => name === member.member)
        ?.trusts;
    const told = await trusted();
    assert.ok((told?.length ?? 0) > 0);
    const query = { trusts: "0".repeat(64) };
    assert.ok((await bare.call("getCaBundle", { query }, { bearer })).cas.length > 0);
    assert.deepEqual(await trusted(), told, "a token alone says what its member trusts");
    for (const name of ["getStatus", "listHosts", "listMembers"] as const)
      await assert.rejects(
        bare.call(name, {}, { bearer }),
        (error) => codeIn(error) === "no-certificate",
        name,
      );
    bare.close();
  });

  it("lets a member in whose certificate has run out once an admin has approved it, by the same key", async () => {
    clockMs = -100 * dayMs; // joined long ago
    const client = service.clientOf(owner());
    const made = await client.call("createToken", { body: { role: "operator" } });
    let sleeper = await joinFleet(made.link, { name: "sleeper" });
    clockMs = 0;
    assert.equal(await codeOf(sleeper), "certificate-expired");
    const fetched = await fetchAuthorities(sleeper, Date.now()); // by its token alone
    assert.ok(generations(fetched) >= 1);
    const wrong = fetchAuthorities({ ...sleeper, bundleToken: "x".repeat(32) }, Date.now());
    await assert.rejects(wrong, (error) => codeIn(error) === "certificate-expired");
    const save = (identity: Identity): void => void (sleeper = identity);
    const asked = (): Promise<Identity> => renewIdentity(sleeper, save);
    for (let time = 1; time <= 2; time += 1)
      await assert.rejects(asked(), (error) => codeIn(error) === "approval-needed");
    const waiting = (await client.call("listMembers")).members.find(({ name }) => name === "sleeper");
    const code = waiting?.askedBackCode ?? "";
    // Who asks is shown the same code: the two people compare it.
    await assert.rejects(asked(), (error) => factsIn(error)["code"] === code && code !== "");
    const approve = (shown: string): Promise<unknown> =>
      client.call("approveMember", { params: { member: "sleeper" }, body: { code: shown } });
    await assert.rejects(approve("0000-0000-0000-0000-0000"), (error) => codeIn(error) === "nobody-asks");
    // Nobody takes the place of who asked, by another key, and who tries is told that it waits.
    const other = renewIdentity({ ...sleeper, renewal: certificateRequest() }, () => undefined);
    await assert.rejects(
      other,
      (error) => codeIn(error) === "another-asks" && !JSON.stringify(factsIn(error)).includes(code),
    );
    // That two have asked with one certificate is in the ledger: one of them is a thief.
    const { events } = await client.call("listLedger", { query: { contains: "another-asks", limit: 10 } });
    assert.deepEqual(
      events.map(({ type, payload }) => [type, (payload as { code?: string }).code]),
      [["access.refused", "another-asks"]],
    );
    await approve(code);
    // What was approved is that key: another gets in neither before nor after.
    const thief = renewIdentity({ ...sleeper, renewal: certificateRequest() }, () => undefined);
    await assert.rejects(thief, (error) => codeIn(error) === "another-asks");
    const before = sleeper;
    // Also with a token that counts no more, as after a renewal whose answer was lost.
    const back = await renewNow({ ...sleeper, bundleToken: "x".repeat(32) }, Date.now(), save);
    assert.deepEqual([back.member, back.role, await codeOf(back)], ["sleeper", "operator", ""]);
    // What it trusts it tells again, now by a certificate in force.
    assert.ok(upkeepDue(back, Date.now()).bundle);
    const tended = await tendIdentity(back, Date.now(), save);
    const told = (await client.call("listMembers")).members.find(({ name }) => name === "sleeper")?.trusts;
    assert.deepEqual(told, certificatesIn(tended.caPem).map(fingerprintOf));
    // As after a lost answer: the same key gets its certificate again, and no further question.
    const again = await renewIdentity(before, () => undefined);
    assert.equal(again.certificatePem, back.certificatePem);
    await assert.rejects(approve(code), (error) => codeIn(error) === "nobody-asks");
    // An old certificate opens nothing while there is a good one.
    const old = renewIdentity({ ...before, renewal: certificateRequest() }, () => undefined);
    await assert.rejects(old, (error) => codeIn(error) === "certificate-refused");
  });
});

function codeIn(error: unknown): string {
  return error instanceof RemoteProblem ? error.problem.code : String(error);
}

function factsIn(error: unknown): Readonly<Record<string, unknown>> {
  return error instanceof RemoteProblem ? (error.problem.facts ?? {}) : {};
}

const tenAtMost = [...Array<string>(10).fill("csr-invalid"), "rate-limited"];

/** What eleven bad requests for a certificate are refused with. */
async function elevenRenewals(client: RouteClient): Promise<string[]> {
  const codes: string[] = [];
  for (let time = 1; time <= 11; time += 1)
    await client
      .call("renew", { body: { csrPem: "no request" } })
      .catch((error: unknown) => codes.push(codeIn(error)));
  return codes;
}
