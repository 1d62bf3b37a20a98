import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from '../servers/own-process.ts';
import { Accounts, type OracleUser } from './accounts.ts';
import type { Zone } from './clock.ts';
import type { OracleDatabase } from './database.ts';
import { type Call, type Fault, Faults, type SetFault } from './faults.ts';
import type { VerifierKind } from './o5logon.ts';
import { createOperaHotel, type OperaHotel } from './opera/hotel.ts';
import { operaUsers } from './opera/users.ts';
import { Session, type SessionServer } from './session.ts';
import { noStats, type OracleStats } from './stats.ts';

export { createOperaHotel, type OperaHotel } from './opera/hotel.ts';

export type OracleOptions = {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** The hotel behind it, which then brings its owner, its clock and its zone; a small one by default, and empty. */
  readonly hotel?: OperaHotel;
  /** The clock of the server and of a hotel of its own; the real one where absent. */
  readonly now?: () => number;
  /** The zone of the server's own clock, which SYSDATE shows; `Europe/Amsterdam` where absent. */
  readonly zone?: Zone;
  /** The names that SERVICE_NAME finds; `OPERA` where absent. SIDs are another list, with the same default. */
  readonly services?: readonly string[];
  readonly sids?: readonly string[];
  readonly owner?: string;
  readonly users?: Readonly<Record<string, OracleUser>>;
  /** Speak tcps with this certificate. */
  readonly tls?: Certificate;
  /** 11.2 is a server that the driver refuses to talk to in thin mode (NJS-138). */
  readonly serverVersion?: '19c' | '11.2';
  /** 10g is a way of keeping passwords that the driver refuses in thin mode (NJS-116). */
  readonly verifier?: VerifierKind;
  /** Called before each call is answered; what it gives goes wrong with it. */
  readonly before?: (call: Call) => Fault | null | undefined;
};

export type OracleServer = {
  readonly port: number;
  /** An Easy Connect text for the first service. */
  readonly url: string;
  readonly hotel: OperaHotel;
  readonly database: OracleDatabase;
  readonly accounts: Accounts;
  readonly stats: OracleStats;
  /** Set one fault more, or with null none at all. */
  setFault(fault: SetFault | null): void;
  /** Kill all sessions as a DBA does: each finds out with its next call, or now if it waits for an answer. */
  killSessions(): void;
  /** Cut all lines, as a server that has lost its power. */
  cutLines(): void;
  close(): Promise<void>;
};

/**
 * Start a stand-in for an Oracle database on 127.0.0.1: it speaks TNS and TTC to the real driver, checks who logs on, and answers the
 * SQL that the product sends out of SQLite. What it does not translate is ORA-00933 and stands in `stats.rejected`.
 */
export async function startOracle(options: OracleOptions = {}): Promise<OracleServer> {
  const { services = ['OPERA'], sids = ['OPERA'], tls, before } = options;
  const hotel = options.hotel ?? ownHotel(options);
  const { database } = hotel;
  const stats = noStats();
  const faults = new Faults();
  const sessions = new Set<Session>();
  const sockets = new Set<Socket>();
  let lastId = 100;
  const shared: SessionServer = {
    database,
    accounts: new Accounts(options.users ?? operaUsers(hotel.owner)),
    stats,
    services: services.map((name) => name.toUpperCase()),
    sids: sids.map((name) => name.toUpperCase()),
    tns: options.serverVersion ?? '19c',
    verifier: options.verifier ?? '12c',
    takeFault: (call) => before?.(call) ?? faults.take(call),
    nextId: () => ++lastId,
  };
  const welcome = (socket: Socket) => {
    socket.setNoDelay(true);
    const session = new Session(shared, socket);
    sessions.add(session);
    sockets.add(socket);
    socket.on('close', () => {
      sessions.delete(session);
      sockets.delete(socket);
    });
  };
  const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, welcome) : createServer(welcome);
  // A client that does not like the certificate goes away; the server goes on.
  server.on('tlsClientError', () => undefined);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    hotel,
    url: `${tls ? 'tcps://' : ''}${tls ? 'localhost' : '127.0.0.1'}:${port}/${shared.services[0]}`,
    database,
    accounts: shared.accounts,
    stats,
    setFault: (fault) => faults.set(fault),
    killSessions: () => {
      for (const session of sessions) session.kill();
    },
    cutLines: () => {
      for (const session of sessions) session.cut();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      // A hotel outlives the server that shows it, as data outlives a restart.
      if (!options.hotel) hotel.close();
    },
  };
}

function ownHotel({ now = Date.now, zone, owner }: OracleOptions): OperaHotel {
  return createOperaHotel({ now, ...(zone !== undefined && { zone }), ...(owner !== undefined && { owner }) });
}
