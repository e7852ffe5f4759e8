import type { MemberRecord, TokenRecord } from "../../../protocol/member.ts";
import type { Style } from "../terminal.ts";
import { noFigure } from "./figures.ts";
import { roughDuration } from "./hostText.ts";
import { renderTable } from "./table.ts";

/** `3 d ago` or `in 20 min`; a dash for never. */
export function distanceText(atMs: number | null, nowMs: number): string {
  if (atMs === null) return noFigure;
  return atMs > nowMs ? `in ${roughDuration(atMs - nowMs)}` : `${roughDuration(nowMs - atMs)} ago`;
}

/** The table of `user ls`. */
export function membersText(members: readonly MemberRecord[], nowMs: number, style: Style): string {
  const rows = members.map((member) => {
    const { name, role, host, joinedAtMs, revokedAtMs, notAfterMs, seenAtMs } = member;
    const hasRunOut = notAfterMs !== null && notAfterMs < nowMs;
    const end = distanceText(notAfterMs, nowMs);
    return [
      host === null ? name : `${host} (${name})`,
      role,
      distanceText(seenAtMs, nowMs),
      distanceText(joinedAtMs, nowMs),
      revokedAtMs === null
        ? hasRunOut
          ? style.yellow(
              `ran out ${end}${member.askedBackCode === null ? "" : `, asks to come back: ${member.askedBackCode}`}`,
            )
          : `runs out ${end}`
        : style.dim(`ended ${distanceText(revokedAtMs, nowMs)}`),
    ];
  });
  const columns = ["NAME", "ROLE", "SEEN", "JOINED", "MEMBERSHIP"].map((title) => ({ title }));
  return renderTable(columns, rows);
}

/** The table of `token ls`. */
export function tokensText(tokens: readonly TokenRecord[], nowMs: number): string {
  if (tokens.length === 0) return "No join link was made yet: hwledger token create --role ROLE";
  const rows = tokens.map((token) => [
    token.id,
    token.role,
    token.host === null ? (token.member ?? noFigure) : `agent of ${token.host}`,
    `${distanceText(token.createdAtMs, nowMs)} by ${token.createdBy.replace(/^user\//, "")}`,
    token.state === "open" ? `open, runs out ${distanceText(token.expiresAtMs, nowMs)}` : token.state,
  ]);
  const columns = ["LINK", "ROLE", "FOR", "MADE", "STATE"].map((title) => ({ title }));
  return renderTable(columns, rows);
}
