import type { WayBack } from "./awayText.ts";
import type { commandIds } from "./commandIds.ts";
import { words } from "./words/words.ts";

/** The button that leads back to the fleet, and the command it runs. */
export const waysBack = {
  reconnect: { label: words.waysOut.reconnect, run: "reconnect" },
  join: { label: words.fleets.join, run: "join" },
  renew: { label: words.waysOut.askBack, run: "renew" },
  rejoin: { label: words.waysOut.joinAgain, run: "startOwnService" },
  start: { label: words.waysOut.start, run: "startOwnService" },
  restart: { label: words.waysOut.restart, run: "restartService" },
} as const satisfies Record<WayBack, { label: string; run: keyof typeof commandIds }>;
