// A rejection that nobody handles ends the service; Mocha swallows it. Thrown on, it fails the test it happens in.
process.on("unhandledRejection", (reason) => {
  throw reason;
});
