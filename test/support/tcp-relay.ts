/** A relay of bytes that can be cut, taken away, and frozen so that both ends see an open, silent connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpRelay extends AsyncDisposable {
  readonly port: number;
  /** Cuts all connections. */
  cut(): void;
  /** Cuts all connections and refuses new ones. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  /** All connections stay open and nothing passes in any direction, new ones included. */
  freeze(): void;
  /** New connections pass again. The frozen ones stay silent: what lay between has forgotten them. */
  thaw(): void;
}

export async function startTcpRelay(targetPort: number): Promise<TcpRelay> {
  let frozen = false;
  const sockets = new Set<Socket>();
  /** Nothing of them passes any more, not even that the other end has closed its own. */
  const forgotten = new WeakSet<Socket>();
  const closeWith = (socket: Socket, other: Socket): void => {
    other.on('close', () => {
      if (!forgotten.has(socket)) socket.destroy();
    });
  };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const server = createServer((incoming) => {
    keep(incoming);
    if (frozen) return;
    const outgoing = keep(connect(targetPort, '127.0.0.1'));
    closeWith(outgoing, incoming);
    closeWith(incoming, outgoing);
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const goAway = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    cut,
    goAway,
    comeBack: async () => await listen(port),
    freeze() {
      frozen = true;
      for (const socket of sockets) {
        forgotten.add(socket);
        socket.unpipe();
        socket.pause();
      }
    },
    thaw() {
      frozen = false;
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await goAway();
      else cut();
    },
  };
}
