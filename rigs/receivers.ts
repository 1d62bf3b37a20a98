import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AsyncMessage, Connection } from 'rabbitmq-client';
import postgresKind from '../agent/pipeline/upstream/postgres/index.ts';
import rabbitKind from '../agent/pipeline/upstream/rabbitmq/index.ts';
import type { ConnectionDraft } from '../contract/connection.ts';
import { sandboxHotel } from '../sandbox/agent.ts';
import { untilItWorks } from '../sandbox/servers/own-process.ts';
import { hasPostgres, type PostgresServer, startPostgres } from '../sandbox/servers/postgres.ts';
import { hasRabbit, type RabbitServer, startRabbit } from '../sandbox/servers/rabbitmq.ts';

export const receiverIds = ['warehouse', 'broker'] as const;
export type ReceiverId = (typeof receiverIds)[number];

/** Why the rigs with a database and a broker cannot run here; null when they can. */
export function missingServers(): string | null {
  if (hasPostgres && hasRabbit) return null;
  return `${hasPostgres ? 'RabbitMQ' : 'PostgreSQL'} is not installed`;
}

const password = 'a rig has no secrets';
const vhost = 'bellhop';
const queue = 'bellhop.records';
const host = '127.0.0.1';
/** Made by the letter: the consumer only looks for it. */
const queueAsItIs = { queue, queueOptions: { passive: true } };

/** Everything the table of bookings was ever told, in the order of the commits: what an administrator's trigger would write. */
const auditScript = `
CREATE SCHEMA audit;
CREATE TABLE audit.applied (id bigserial PRIMARY KEY, document jsonb NOT NULL);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  $$ BEGIN INSERT INTO audit.applied (document) VALUES (NEW.document); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON production.bookings FOR EACH ROW EXECUTE FUNCTION audit.note();
`;

/**
 * A database and a broker of their own, and whoever receives there. What was applied is written down in the order of applying: at the
 * database by a trigger, at the broker by a consumer that leaves out the message ids it knows, and nothing else.
 */
export class Receivers {
  readonly postgres: PostgresServer;
  readonly rabbit: RabbitServer;
  /** NDJSON of what was applied; complete after {@link finish}. */
  files: Readonly<Record<ReceiverId, string>>;
  /** Messages that came again under an id that was known. */
  wireDuplicates = 0;
  readonly #seen = new Set<string>();
  readonly #newest = new Map<string, number>();
  readonly #consumer: Connection;

  private constructor(postgres: PostgresServer, rabbit: RabbitServer, dir: string) {
    this.postgres = postgres;
    this.rabbit = rabbit;
    this.files = filesIn(dir);
    writeFileSync(this.files.broker, '');
    const login = { hostname: host, port: rabbit.port, vhost, username: 'admin', password: 'admin' };
    this.#consumer = new Connection({ ...login, retryLow: 100, retryHigh: 300 });
    this.#consumer.on('error', () => undefined);
    const taking = this.#consumer.createConsumer({ ...queueAsItIs, qos: { prefetchCount: 200 }, concurrency: 1 }, (message) =>
      this.#take(message),
    );
    taking.on('error', () => undefined);
  }

  static async start(dir: string): Promise<Receivers> {
    const [postgres, rabbit] = await Promise.all([startPostgres(), startRabbit()]);
    const to = { warehouse: postgres.port, broker: rabbit.port };
    const [warehouse, broker] = [
      postgresKind.settings.parse(settingsOf('warehouse', to)),
      rabbitKind.settings.parse(settingsOf('broker', to)),
    ];
    postgres.script(postgresKind.letter?.(warehouse, sandboxHotel).text ?? '', `${password}\n${password}\n`);
    postgres.script(auditScript);
    rabbit.script(rabbitKind.letter?.(broker, sandboxHotel).text ?? '', `${password}\n`);
    rabbit.ctl('set_permissions', '-p', vhost, 'admin', '.*', '.*', '.*');
    return new Receivers(postgres, rabbit, dir);
  }

  /** The two connections as the agent is to have them. @param ports where it finds them, if not at the servers themselves. */
  drafts(ports: Readonly<Record<ReceiverId, number>> = { warehouse: this.postgres.port, broker: this.rabbit.port }): ConnectionDraft[] {
    return [
      {
        id: 'warehouse',
        kind: 'postgres',
        title: 'Warehouse',
        settings: settingsOf('warehouse', ports),
        secrets: { databasePassword: password },
      },
      { id: 'broker', kind: 'rabbitmq', title: 'Broker', settings: settingsOf('broker', ports), secrets: { brokerPassword: password } },
    ];
  }

  /** How many events have arrived; null while the server cannot be asked. */
  async received(id: ReceiverId): Promise<number | null> {
    if (id === 'broker') return this.#seen.size;
    const rows = await this.postgres.ask('SELECT max(id) AS n FROM audit.applied').catch(() => null);
    return rows && Number(rows[0]?.n ?? 0);
  }

  /** The newest version of each key that is safe at a destination. */
  async known(id: ReceiverId): Promise<ReadonlyMap<string, number>> {
    if (id === 'broker') {
      await this.#untilEmpty();
      return this.#newest;
    }
    const rows = await this.postgres.ask('SELECT external_id AS key, version FROM production.bookings');
    return new Map(rows.map(({ key, version }) => [String(key), Number(version)]));
  }

  async finish(): Promise<void> {
    await this.#untilEmpty();
    const rows = await this.postgres.ask('SELECT document FROM audit.applied ORDER BY id');
    writeFileSync(this.files.warehouse, rows.map(({ document }) => lineOf(document)).join(''));
  }

  /** Forget everything, so that a new home can begin with the same servers. @param dir where its files go. */
  async begin(dir: string): Promise<void> {
    await this.#untilEmpty();
    await this.postgres.ask('TRUNCATE production.bookings, audit.applied RESTART IDENTITY');
    this.#seen.clear();
    this.#newest.clear();
    this.wireDuplicates = 0;
    this.files = filesIn(dir);
    writeFileSync(this.files.broker, '');
  }

  async close(): Promise<void> {
    this.#consumer.unsafeDestroy();
    await Promise.all([this.postgres.close(), this.rabbit.close()]);
  }

  #take({ messageId = '', body }: AsyncMessage): void {
    if (this.#seen.has(messageId)) {
      this.wireDuplicates += 1;
      return;
    }
    appendFileSync(this.files.broker, lineOf(body));
    this.#seen.add(messageId);
    const { externalId, version } = body as { externalId: string; version: number };
    this.#newest.set(externalId, Math.max(this.#newest.get(externalId) ?? 0, version));
  }

  /** Wait until the consumer has taken and acknowledged everything, also what came back when a line broke. */
  async #untilEmpty(): Promise<void> {
    await untilItWorks(() => {
      const left = this.rabbit.ctl('--quiet', 'list_queues', '-p', vhost, '--no-table-headers', 'messages', 'consumers').trim();
      if (!/^0\s+[1-9]/.test(left)) throw new Error(`the queue holds ${left}`);
    }, 30_000);
  }
}

const filesIn = (dir: string) => ({ warehouse: join(dir, 'warehouse.ndjson'), broker: join(dir, 'broker.ndjson') });

function lineOf(record: unknown): string {
  return `${JSON.stringify({ entity: 'booking', record })}\n`;
}

/** Small portions, so that there are many to spoil. */
const batchRecords = 50;

function settingsOf(id: ReceiverId, ports: Readonly<Record<ReceiverId, number>>): Record<string, unknown> {
  const common = { host, port: ports[id], allowPlainOnThisPc: true, batchRecords };
  return id === 'warehouse' ? { ...common, database: 'hotels' } : { ...common, vhost, queue };
}
