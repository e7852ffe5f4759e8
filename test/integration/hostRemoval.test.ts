import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dispatchFile } from "../../protocol/client/dispatchFile.ts";
import type { JobId } from "../../protocol/ids.ts";
import type { RemoteProblem, Problem } from "../../protocol/problem.ts";
import { startFleetFixture, type FleetFixture } from "../support/startFleetFixture.ts";

describe("a host that is gone for good", function () {
  this.timeout(120_000);
  let fleet: FleetFixture;

  before(async () => {
    fleet = await startFleetFixture([{ name: "dead" }, { name: "hung" }]);
    await writeFile(join(fleet.scripts, "long.sh"), "echo begun; sleep 600\n");
  });
  after(() => fleet.stop());

  async function runningOn(host: string): Promise<JobId> {
    const file = join(fleet.scripts, "long.sh");
    const { id } = await dispatchFile(fleet.client, { file, host, workspace: "script" });
    await fleet.jobWhen(id, "its log is held", (job) => job.state === "running" && job.logBytes > 0);
    return id;
  }

  const remove = (host: string, query: { force?: "1" }) =>
    fleet.client.call("removeHost", { params: { host }, query });

  for (const [host, strike] of [
    ["dead", "stop"],
    ["hung", "freeze"],
  ] as const)
    it(`is not removed while it has a job, but by force, when it is ${host}: the job is then lost`, async () => {
      const id = await runningOn(host);
      await fleet.lab.host(host)[strike]();
      if (host === "dead") await fleet.jobWhen(id, "contact is lost", (job) => job.contact.kind === "lost");
      const problem = await remove(host, {}).then(
        () => assert.fail("it was removed"),
        (error: unknown): Problem => (error as RemoteProblem).problem,
      );
      assert.equal(problem.code, "host-busy");
      assert.match(problem.detail, new RegExp(`${host} has 1 active job`));
      assert.ok(problem.next.includes(`hwledger host rm ${host} --force`));

      assert.equal((await remove(host, { force: "1" })).name, host);
      const job = await fleet.job(id);
      assert.equal(job.state, "lost");
      const { member } = await fleet.client.call("getStatus");
      assert.ok(job.cause?.kind === "lost");
      assert.ok(job.cause.detail.startsWith(`${host} was taken out of the fleet by ${member};`));
      assert.equal((await fleet.log(id)).toString(), "begun\n");

      const { hosts } = await fleet.client.call("listHosts");
      assert.ok(hosts.every(({ name }) => name !== host));
      const { events } = await fleet.client.call("listLedger", { query: { limit: 2 } });
      assert.deepEqual(
        events.map(({ type }) => type),
        ["job.lost", "host.removed"],
      );
      assert.equal((await fleet.client.call("verifyLedger")).ok, true);
    });
});
