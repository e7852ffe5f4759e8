import assert from "node:assert/strict";
import { unknownFleet, withFleetData } from "../../extension/core/fleetState.ts";
import { hostGroup } from "../../extension/core/hostGroups.ts";
import { hostPanelHost } from "../../extension/core/panels/hostPanelHost.ts";
import { hostTooltip } from "../../extension/core/tooltips.ts";
import { hostText } from "../../service/cli/render/hostText.ts";
import { styleFor } from "../../service/cli/terminal.ts";
import type { AgentRecord } from "../../protocol/host.ts";
import { aHost } from "../support/fleetRecords.ts";

const live = { kind: "live" } as const;
const agent: AgentRecord = { version: "0.1.0", platform: "linux", arch: "arm64", sinceMs: 500 };

function known(over: Parameters<typeof aHost>[0]) {
  const data = { kind: "fleet" as const, hosts: [aHost(over)], jobs: [], removedHostIds: [] };
  return [...withFleetData(unknownFleet, data, { whole: true, nowMs: 1_000 }).hosts.values()][0]!;
}

describe("a host with an agent", () => {
  const byAgent = known({ connection: { kind: "agent" }, agent });
  const style = styleFor({ isTTY: false }, {});

  it("is shown as reached by it, and stands in a group of its own", () => {
    assert.match(hostTooltip(byAgent, live, 1_000), /\| Reached \| by its agent only \|/);
    assert.equal(hostGroup(byAgent, live, "source")?.label, "By an agent");
    const facts = hostPanelHost(byAgent, live, 1_000).facts.map(({ label, text }) => `${label}: ${text}`);
    assert.ok(facts.includes("Address: by its agent only"), facts.join("; "));
    assert.match(hostText(byAgent.record, 1_000, style), /way in +its agent only/);
  });

  it("has its agent told while that is connected, also beside SSH, and not afterwards", () => {
    const beside = known({ agent });
    assert.match(hostTooltip(beside, live, 1_000), /\| Agent \| 0\\\.1\\\.0, connected since /);
    assert.ok(
      hostPanelHost(beside, live, 1_000).facts.some(
        ({ label, text }) => label === "Agent" && text === "0.1.0, connected",
      ),
    );
    assert.match(hostText(beside.record, 1_000, style), /agent +0\.1\.0 \(linux arm64\), connected since/);
    assert.doesNotMatch(hostTooltip(known({}), live, 1_000), /\| Agent \|/);
  });
});
