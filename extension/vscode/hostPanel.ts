import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { createChartHold } from "../core/panels/createChartHold.ts";
import { createHostHistory } from "../core/panels/createHostHistory.ts";
import { createHostPast, type HostPast } from "../core/panels/createHostPast.ts";
import { hostExport } from "../core/panels/hostExport.ts";
import { hostPanelModel } from "../core/panels/hostPanelModel.ts";
import {
  hostMessageSchema,
  hostStateSchema,
  type ChartMinutes,
  type FleetHost,
  type HostMessage,
  type HostPanelModel,
} from "../core/panels/hostSchema.ts";
import { isFresh } from "../core/statusText.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { createPanels, type Panels } from "./createPanels.ts";
import { createSaving } from "./saveExport.ts";

/** How often is looked whether something longer ago is to be read again, beside all that changes. */
const lookMs = 15_000;

/** The panels of hosts, one each. While one is in sight its host is read each second. */
export function hostPanels(host: PanelHost): Panels<FleetHost> {
  return createPanels<FleetHost>({
    viewType: "hwledger.host",
    keyOf: (state) => hostStateSchema.safeParse(state).data?.host ?? null,
    nameOf: ({ fleetId, hostId }) => `${fleetId} ${hostId}`,
    fill: (panel, key) => fillHostPanel(panel, key, host),
  });
}

function fillHostPanel(panel: vscode.WebviewPanel, { fleetId, hostId }: FleetHost, host: PanelHost): void {
  const { membership, now } = host;
  /** Null while another fleet is shown. */
  const ownSession = (): FleetSession | null =>
    membership.session?.identity.fleetId === fleetId ? membership.session : null;
  let minutes: ChartMinutes = 5;
  const hold = createChartHold();
  const history = createHostHistory(hostId, () => open.touch());
  let isVisible = false;
  const save = createSaving();
  const seenSession = (): FleetSession | null => (isVisible ? ownSession() : null);
  const past = pastOf(hostId, seenSession, now, () => open.touch());
  const live = followLive(hostId, history, seenSession);
  const look = (): void => {
    live.look();
    past.look();
  };
  const stop = membership.listen(look);
  let timer: NodeJS.Timeout | undefined;
  function model(): HostPanelModel {
    const shown = past.shown() ?? { past: null, metrics: history.lastMinutes(minutes) };
    const isMember = membership.profiles.some(({ identity }) => identity.fleetId === fleetId);
    const facts = { fleetId, isMember, hostId, minutes, ...shown, events: history.events };
    const newest = hostPanelModel(membership.session, facts, now(), membership.place);
    return hold.over(newest, history.isLoaded);
  }

  const open = createPanel<HostPanelModel, HostMessage>(panel, host, {
    page: "host",
    title: () => ownSession()?.fleet.hosts.get(hostId)?.record.name ?? panel.title,
    model,
    messageSchema: hostMessageSchema,
    onMessage(message) {
      if (message.kind === "show-log") {
        const row = { rowId: message.jobId, jobId: message.jobId };
        return void vscode.commands.executeCommand(commandIds.showLog, row);
      }
      if (message.kind === "save-csv" || message.kind === "save-png") {
        const shown = model();
        return save(hostExport(shown.charted ?? shown, message));
      }
      if (message.kind === "hold") {
        hold.set(message.isHeld);
        past.hold(message.isHeld, message.zoom);
      } else if (message.kind === "retry") past.retry();
      else if (message.minutes !== minutes) {
        minutes = message.minutes;
        past.span(minutes);
        hold.renew();
      }
      open.touch();
    },
    onVisible(next) {
      isVisible = next;
      clearInterval(timer);
      if (isVisible) timer = setInterval(() => past.look(), lookMs);
      look();
    },
    dispose() {
      stop();
      clearInterval(timer);
      isVisible = false;
      look();
    },
  });
}

/** A host's past, asked for of the session that is given while there is contact. */
function pastOf(
  hostId: HostId,
  session: () => FleetSession | null,
  now: () => number,
  onChange: () => void,
): HostPast {
  return createHostPast(hostId, {
    client() {
      const seen = session();
      return seen?.contact.kind === "live" && seen.fleet.hosts.has(hostId) ? seen.client : null;
    },
    now,
    serviceNowMs() {
      const seen = session();
      const host = seen?.fleet.hosts.get(hostId);
      // The service's clock may be another than this editor's.
      return (seen && host?.reading && isFresh(host, seen.contact) ? host.reading.atMs : null) ?? now();
    },
    onChange,
  });
}

/** Follows a host's readings and the ledger while a session is wanted; after each pause what was missed is asked for. */
function followLive(
  hostId: HostId,
  history: ReturnType<typeof createHostHistory>,
  wanted: () => FleetSession | null,
): { look: () => void } {
  let following: FleetSession | null = null;
  let stopLedger: () => void = () => undefined;
  let wasLive = false;

  function follow(next: FleetSession | null): void {
    if (next === following) return;
    stopLedger();
    stopLedger = () => undefined;
    following?.watchFor(history, new Set());
    following = next;
    wasLive = false;
    if (!next) return;
    next.watchFor(history, new Set([hostId]));
    stopLedger = next.stream.subscribe("ledger", {
      onData: (data) => {
        if (data.kind === "ledger") history.takeEvents(data.events);
      },
    });
  }

  return {
    look() {
      follow(wanted());
      if (!following) return;
      const { client, contact, fleet } = following;
      const isLive = contact.kind === "live" && fleet.isKnown;
      if (isLive && !wasLive) void history.load(client, fleet.hosts.get(hostId)?.record.name);
      wasLive = isLive;
      const reading = fleet.hosts.get(hostId)?.reading;
      if (reading) history.take(reading);
    },
  };
}
