import { ServerResponse, type IncomingMessage } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";

/**
 * Serves as requests like any other what Node holds back from the server's `request` event and would answer itself: a
 * CONNECT, and whatever has an `Expect`. So they pass every hook, the one that looks who asks first.
 */
export function serveHeldBack(server: Http2SecureServer): void {
  for (const event of ["checkContinue", "checkExpectation"])
    server.on(event, (request: unknown, response: unknown) => {
      server.emit("request", request as never, response as never);
    });
  // Over HTTP/1.1 Node gives a bare socket; a CONNECT's target is an authority, no path.
  server.on("connect", (request: IncomingMessage, reply: Socket | ServerResponse) => {
    request.url = "/";
    const response = "writeHead" in reply ? reply : responseOn(request, reply);
    server.emit("request", request as never, response as never);
  });
}

function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  socket.on("error", () => socket.destroy()); // Node has taken its own listener away
  socket.resume();
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  return response;
}
