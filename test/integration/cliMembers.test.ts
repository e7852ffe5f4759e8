import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemberRecord, TokenRecord } from "../../protocol/member.ts";
import { startServiceProcess, type ServiceProcess } from "../support/startServiceProcess.ts";
import { cli, cliJson, type CliWorld } from "./cliFixture.ts";

describe("the command line, for who belongs to the fleet", function () {
  this.timeout(60_000);
  let dir = "";
  let service: ServiceProcess;
  let owner: CliWorld;
  let guest: CliWorld;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "hwledger-clim-"));
    for (const folder of ["user", "fleet"]) await mkdir(join(dir, folder));
    owner = { home: join(dir, "fleet") };
    guest = { home: join(dir, "guest") };
    service = await startServiceProcess(owner.home, { env: { HOME: join(dir, "user") } });
  });
  after(async () => {
    await service.end("SIGTERM");
    await rm(dir, { recursive: true, force: true });
  });

  const codeOf = ({ document }: { document: Record<string, unknown> }) =>
    (document["problem"] as { code?: string } | undefined)?.code;

  it("lists members, changes a role and ends a membership", async () => {
    const made = await cliJson(owner, "token", "create", "--role", "viewer");
    await cliJson(guest, "join", String(made.document["link"]), "--name", "bo");
    const listed = await cliJson(owner, "user", "ls");
    const bo = (listed.document as unknown as MemberRecord[]).find(({ name }) => name === "bo");
    assert.equal(bo?.role, "viewer");
    const table = await cli(owner, "user", "ls");
    assert.match(table.out, /^NAME +ROLE +SEEN +JOINED +MEMBERSHIP\n/);
    assert.match(table.out, /\nbo +viewer .* runs out in 89 d/);
    assert.equal(codeOf(await cliJson(guest, "user", "role", "bo", "admin")), "role-insufficient");
    assert.match((await cli(owner, "user", "role", "bo", "operator")).out, /^bo is operator now\.\n$/);
    assert.equal((await cli(owner, "user", "role", "bo", "king")).code, 2);
    assert.equal((await cli(owner, "user", "revoke", "bo")).code, 0);
    const refused = await cliJson(guest, "host", "ls");
    assert.deepEqual([refused.code, codeOf(refused)], [4, "certificate-refused"]);
    assert.doesNotMatch((await cli(owner, "user", "ls")).out, /\nbo /);
    assert.match((await cli(owner, "user", "ls", "--all")).out, /\nbo .* ended .* ago/);
  });

  it("keeps the last admin", async () => {
    const { document } = await cliJson(owner, "status");
    const refused = await cliJson(owner, "user", "revoke", String(document["member"]));
    assert.deepEqual([refused.code, codeOf(refused)], [4, "last-admin"]);
  });

  it("lists join links, withdraws one, and wants to know whom one is for", async () => {
    const made = await cliJson(owner, "token", "create", "--role", "operator");
    const id = String(made.document["id"]);
    assert.match(
      (await cli(owner, "token", "ls")).out,
      new RegExp(`\\n${id} +operator .* open, runs out in 1[45] min`),
    );
    assert.equal((await cli(owner, "token", "revoke", id)).code, 0);
    const tokens = (await cliJson(owner, "token", "ls")).document as unknown as TokenRecord[];
    assert.equal(tokens.find((token) => token.id === id)?.state, "revoked");
    const late = await cliJson({ home: join(dir, "late") }, "join", String(made.document["link"]));
    assert.deepEqual([late.code, codeOf(late)], [4, "token-revoked"]);
    assert.equal((await cli(owner, "token", "create")).code, 2);
    assert.equal((await cli(owner, "token", "create", "--role", "viewer", "--member", "bo")).code, 2);
    assert.equal(codeOf(await cliJson(owner, "token", "create", "--member", "bo")), "member-revoked");
    assert.equal(codeOf(await cliJson(owner, "token", "create", "--agent", "nowhere")), "host-not-found");
  });

  it("brings a member back under its name and role", async () => {
    const first = await cliJson(owner, "token", "create", "--role", "operator");
    const gone: CliWorld = { home: join(dir, "gone") };
    await cliJson(gone, "join", String(first.document["link"]), "--name", "cy");
    await rm(gone.home, { recursive: true });
    const back = await cliJson(owner, "token", "create", "--member", "cy");
    const joined = await cliJson(gone, "join", String(back.document["link"]), "--name", "somebody");
    assert.deepEqual([joined.document["member"], joined.document["role"]], ["cy", "operator"]);
  });
});
