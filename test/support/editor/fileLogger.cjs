"use strict";
/*
 * Takes the place of the editor's native logging module, which cannot be built without a compiler. Same
 * interface (https://github.com/microsoft/node-spdlog, index.d.ts), one synchronous append for each message:
 * with it the editor's log files and output channels exist.
 */
const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

const levels = ["trace", "debug", "info", "warn", "error", "critical"];

class Logger {
  constructor(_type, _name, path) {
    this.path = path;
    this.level = 0;
    this.isPlain = false;
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, "");
  }
  write(level, message) {
    if (level < this.level) return;
    const line = `${new Date().toISOString().replace("T", " ").slice(0, 23)} [${levels[level]}] ${message}\n`;
    appendFileSync(this.path, this.isPlain ? message : line);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.isPlain = true;
  }
  setPattern() {}
  flush() {}
  drop() {}
}
levels.forEach((name, level) => {
  Logger.prototype[name] = function (message) {
    this.write(level, message);
  };
});

const create = async (name, path) => new Logger("rotating", name, path);

exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
