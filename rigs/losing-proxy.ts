import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line that passes everything on, until it is told to lose an answer. */
export type LosingProxy = {
  readonly port: number;
  /** Pass on so many answers, then lose one: it is read from the server, not passed on, and the line is cut. */
  loseAfter(passing: number): void;
  /** How many answers were lost. */
  lost(): number;
  close(): Promise<void>;
};

/**
 * Stand between a client and a server of this PC.
 * @param isAnswer tells whether bytes from the server say that something has been applied.
 */
export async function startLosingProxy(serverPort: number, isAnswer: (bytes: Buffer) => boolean): Promise<LosingProxy> {
  const sockets = new Set<Socket>();
  let toPass: number | null = null;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: serverPort });
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (toPass === null || !isAnswer(bytes)) return client.write(bytes);
      if (toPass > 0) {
        toPass -= 1;
        return client.write(bytes);
      }
      toPass = null;
      lost += 1;
      return cut();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    loseAfter: (passing) => {
      toPass = passing;
    },
    lost: () => lost,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What says "it is applied" in each of the three languages. */
export const answers = {
  hub: (bytes: Buffer) => bytes.includes('HTTP/1.1 200') && bytes.includes('"applied"'),
  /** CommandComplete with the tag of a commit. */
  warehouse: (bytes: Buffer) => bytes.includes('COMMIT\0'),
  /** basic.ack: class 60, method 80. */
  broker: (bytes: Buffer) => bytes.includes(Buffer.from([0, 60, 0, 80])),
} as const;
