import assert from "node:assert/strict";
import { awayText, type WayBack } from "../../extension/core/awayText.ts";
import { connectionMessage } from "../../extension/core/connectionMessage.ts";
import type { FleetPlace } from "../../extension/core/fleetPlace.ts";
import { unknownFleet } from "../../extension/core/fleetState.ts";
import { panelBanner } from "../../extension/core/panels/panelBanner.ts";
import { statusBarText } from "../../extension/core/statusBarText.ts";
import { problemOf, type Facts } from "../../protocol/problem.ts";
import { problemCatalog, type ProblemCode } from "../../protocol/problemCatalog.ts";
import { identity } from "../support/handPlayedFleet.ts";

const url = "https://127.0.0.1:7";

describe("being without contact", () => {
  const said: [ProblemCode, Facts, RegExp][] = [
    ["service-unreachable", { url, reason: "nothing listens there" }, /nothing listens there.*network/],
    ["service-untrusted", { url, reason: "self-signed" }, /not the service of your fleet.*Reconnect/],
    ["service-untrusted", { url, reason: "certificate is not yet valid" }, /a clock is wrong/],
    ["certificate-expired", { member: "ada", at: "2026-11-27T00:00:00.000Z" }, /run out.*Join a Fleet/],
    ["certificate-refused", { reason: "It was revoked." }, /withdrawn.*Join a Fleet/],
    ["certificate-refused", { reason: "It is no longer accepted." }, /no longer accepts.*Join a Fleet/],
    ["certificate-refused", { reason: "It is not valid yet; check the clocks." }, /a clock is wrong/],
    ["protocol-mismatch", { service: 2, peer: 1 }, /version 2 .* version 1\. Update the extension/],
    ["protocol-mismatch", { service: 1, peer: 2 }, /version 1 .* version 2\. The service is the older/],
  ];
  for (const [code, facts, words] of said)
    it(`says what happened and what to do: ${code} ${JSON.stringify(facts)}`, () => {
      const contact = { kind: "refused" as const, sinceMs: 0, problem: problemOf(code, facts) };
      assert.match(connectionMessage(unknownFleet, contact) ?? "", words);
      assert.match(statusBarText(unknownFleet, contact, 0).lines.join(" "), words);
    });

  it("sends nobody to a command line for what ends a connection", () => {
    for (const code of Object.keys(problemCatalog) as ProblemCode[]) {
      if (!/^(service-un|certificate|no-certificate|protocol|role|answer)/.test(code)) continue;
      const { what, next } = awayText(problemOf(code, {}));
      assert.doesNotMatch(`${what} ${next}`, /hwledger [a-z]|`/, code);
    }
  });

  it("leads to joining or renewing when the membership is at fault, and else to another try", () => {
    const expired = problemOf("certificate-expired", { member: "ada", at: "2026-11-27T00:00:00.000Z" });
    assert.equal(awayText(expired).way, "renew");
    assert.equal(awayText(problemOf("certificate-refused", { reason: "It was revoked." })).way, "join");
    assert.equal(awayText(problemOf("service-untrusted", { url, reason: "self-signed" })).way, "reconnect");
  });

  const here: [ProblemCode, Facts, FleetPlace, RegExp, WayBack][] = [
    [
      "service-unreachable",
      { url, reason: "no" },
      "here",
      /does not answer\. To start it, choose “Start the Fleet's Service on This Machine” or click/,
      "start",
    ],
    [
      "service-untrusted",
      { url, reason: "no" },
      "here",
      /start the one of this machine and join it/,
      "rejoin",
    ],
    ["service-unreachable", { url, reason: "no" }, "stopped-here", /was stopped\. To start it/, "start"],
    [
      "certificate-expired",
      { member: "ada", at: "2026-11-27T00:00:00.000Z" },
      "here",
      /run out.*to join it again, choose “Start a Fleet on This Machine” or click/,
      "rejoin",
    ],
    [
      "protocol-mismatch",
      { service: 1, peer: 2 },
      "here",
      /to restart it as this extension has it/,
      "restart",
    ],
    ["protocol-mismatch", { service: 2, peer: 1 }, "here", /Update the extension/, "reconnect"],
  ];
  for (const [code, facts, place, words, way] of here)
    it(`offers the owner of a service on this machine (${place}) the way out himself: ${code}`, () => {
      const problem = problemOf(code, facts);
      const contact = { kind: "refused" as const, sinceMs: 0, problem };
      assert.match(connectionMessage(unknownFleet, contact, place) ?? "", words);
      assert.doesNotMatch(connectionMessage(unknownFleet, contact, place) ?? "", /Ask an admin|network/);
      assert.equal(statusBarText(unknownFleet, contact, 0, [], place).click, way);
      const banner = panelBanner({ identity: identity("a"), fleet: unknownFleet, contact }, 0, place);
      assert.match(banner?.text ?? "", words);
      const run = { reconnect: "reconnect", restart: "restartService" }[way as string] ?? "startOwnService";
      assert.equal(banner?.actions[0]?.run, run);
    });
});
