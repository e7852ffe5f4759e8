/** Every command of the extension. Tested against package.json, which gives each its title. */
export const commandIds = {
  join: "hwledger.join",
  leave: "hwledger.leave",
  reconnect: "hwledger.reconnect",
  startService: "hwledger.startService",
  stopService: "hwledger.stopService",
  restartService: "hwledger.restartService",
  showServiceLog: "hwledger.showServiceLog",
  switchFleet: "hwledger.switchFleet",
  renameFleet: "hwledger.renameFleet",
  dispatch: "hwledger.dispatch",
  cancelJob: "hwledger.cancelJob",
  showLog: "hwledger.showLog",
  copyJobId: "hwledger.copyJobId",
  addHost: "hwledger.addHost",
  testConnection: "hwledger.testConnection",
  openTerminal: "hwledger.openTerminal",
  removeHost: "hwledger.removeHost",
  filterHosts: "hwledger.filterHosts",
  clearHostFilter: "hwledger.clearHostFilter",
  verifyLedger: "hwledger.verifyLedger",
  filterLedger: "hwledger.filterLedger",
  clearLedgerFilter: "hwledger.clearLedgerFilter",
  showOlderEvents: "hwledger.showOlderEvents",
  showEvent: "hwledger.showEvent",
  setRate: "hwledger.setRate",
  logIn: "hwledger.logIn",
} as const;

/** Identifier of a command of the extension. */
export type CommandId = (typeof commandIds)[keyof typeof commandIds];
