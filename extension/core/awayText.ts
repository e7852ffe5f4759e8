import type { Problem } from "../../protocol/problem.ts";
import { plainWords } from "./plainWords.ts";

/** Why there is no contact, and what a person can do about it in the editor. */
export interface AwayText {
  what: string;
  next: string;
  /** What a click leads to. */
  way: "reconnect" | "join";
}

const reconnect = "choose “Reconnect to the Fleet”";
const freshLink = "Ask an admin of the fleet for a fresh join link, then choose “Join a Fleet”.";

/** A problem of the connection in words for somebody who has the editor and no command line. */
export function awayText(problem: Problem): AwayText {
  const reason = String(problem.facts?.["reason"] ?? "");
  const url = String(problem.facts?.["url"] ?? "");
  switch (problem.code) {
    case "service-unreachable":
      return {
        what: plainWords(problem.detail),
        next: "See whether the fleet's service runs there, and whether this machine is on its network.",
        way: "reconnect",
      };
    case "service-untrusted":
      return /not yet valid|expired/.test(reason)
        ? wrongClock(`the certificate of the service at ${url} does not fit today's date`)
        : {
            what: `what answers at ${url} is not the service of your fleet, so nothing was sent to it.`,
            next: `When the right one is back, ${reconnect}. If the fleet was set up anew, join it again.`,
            way: "reconnect",
          };
    case "no-certificate":
    case "certificate-refused":
      return membershipText(reason);
    case "protocol-mismatch":
      return versionsText(problem);
    default:
      return {
        what: plainWords(`${problem.title}. ${problem.detail}`),
        next: plainWords(problem.next),
        way: "reconnect",
      };
  }
}

function membershipText(reason: string): AwayText {
  if (/not valid yet/.test(reason)) return wrongClock("your membership is not valid yet");
  const what = /expired/.test(reason)
    ? "your membership of this fleet has run out."
    : /revoked/.test(reason)
      ? "your membership of this fleet was withdrawn."
      : "the fleet's service no longer accepts your membership.";
  return { what, next: freshLink, way: "join" };
}

function wrongClock(what: string): AwayText {
  return {
    what: `${what}: a clock is wrong, here or there.`,
    next: `Set it right, then ${reconnect}.`,
    way: "reconnect",
  };
}

function versionsText({ facts }: Problem): AwayText {
  const service = Number(facts?.["service"]);
  const peer = Number(facts?.["peer"]);
  return {
    what: `the fleet's service speaks version ${service} of the protocol, this extension version ${peer}.`,
    next:
      service > peer
        ? "Update the extension hwLedger Fleet in this editor."
        : `The service is the older of the two: when it was updated, ${reconnect}.`,
    way: "reconnect",
  };
}
