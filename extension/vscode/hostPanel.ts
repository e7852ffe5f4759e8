import * as vscode from "vscode";
import type { HostId } from "../../protocol/ids.ts";
import { commandIds } from "../core/commandIds.ts";
import type { FleetSession } from "../core/openFleetSession.ts";
import { createChartHold } from "../core/panels/createChartHold.ts";
import { createHostHistory } from "../core/panels/createHostHistory.ts";
import { hostPanelModel } from "../core/panels/hostPanelModel.ts";
import {
  hostMessageSchema,
  hostStateSchema,
  type ChartMinutes,
  type FleetHost,
  type HostMessage,
  type HostPanelModel,
} from "../core/panels/hostSchema.ts";
import { createPanel, type PanelHost } from "./createPanel.ts";
import { createPanels, type Panels } from "./createPanels.ts";

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
  const live = followLive(hostId, history, () => (isVisible ? ownSession() : null));
  const stop = membership.listen(live.look);
  const open = createPanel<HostPanelModel, HostMessage>(panel, host, {
    page: "host",
    title: () => ownSession()?.fleet.hosts.get(hostId)?.record.name ?? panel.title,
    model() {
      const metrics = history.lastMinutes(minutes);
      const isMember = membership.profiles.some(({ identity }) => identity.fleetId === fleetId);
      const facts = { fleetId, isMember, hostId, minutes, metrics, events: history.events };
      const model = hostPanelModel(membership.session, facts, now(), membership.place);
      return hold.over(model, history.isLoaded);
    },
    messageSchema: hostMessageSchema,
    onMessage(message) {
      if (message.kind === "show-log") {
        const row = { rowId: message.jobId, jobId: message.jobId };
        return void vscode.commands.executeCommand(commandIds.showLog, row);
      }
      if (message.kind === "hold") hold.set(message.isHeld);
      else if (message.minutes !== minutes) {
        minutes = message.minutes;
        hold.renew();
      }
      open.touch();
    },
    onVisible(next) {
      isVisible = next;
      live.look();
    },
    dispose() {
      stop();
      isVisible = false;
      live.look();
    },
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
