import type { LogonPair } from './o5logon.ts';

export const databaseVersion = '19.21.0.0.0';
/** 19.21.0.0.0 as the logon writes it. */
const versionNumber = String(0x13150000);
const instanceName = 'sandbox';
const databaseName = 'SANDBOX';

/** Whom the instance talks to: a session, and what it has asked for. */
export type Connected = { readonly id: number; readonly service: string };

/** What a client is told about the instance when it has logged on; `proof` shows that we knew the password too. */
export function greeting({ id, service }: Connected, proof: string): LogonPair[] {
  return [
    ['AUTH_VERSION_NO', versionNumber],
    ['AUTH_VERSION_STRING', '- Production'],
    ['AUTH_SESSION_ID', String(id)],
    ['AUTH_SERIAL_NUM', '1'],
    ['AUTH_INSTANCENAME', instanceName],
    ['AUTH_DBNAME', databaseName],
    ['AUTH_SC_SERVICE_NAME', service],
    ['AUTH_SC_DBUNIQUE_NAME', databaseName],
    ['AUTH_SC_REAL_DBUNIQUE_NAME', databaseName],
    ['AUTH_MAX_OPEN_CURSORS', '300'],
    ['AUTH_MAX_IDEN_LENGTH', '128'],
    ['AUTH_SVR_RESPONSE', proof],
  ];
}

/** What SYS_CONTEXT('USERENV', …) says of the instance and the session. */
export function environmentOf({ id, service }: Connected, module: string): Record<string, string> {
  return {
    DB_NAME: databaseName,
    DB_UNIQUE_NAME: databaseName,
    INSTANCE_NAME: instanceName,
    SERVICE_NAME: service,
    SERVER_HOST: instanceName,
    SID: String(id),
    SESSIONID: String(id),
    DATABASE_ROLE: 'PRIMARY',
    NETWORK_PROTOCOL: 'tcp',
    MODULE: module,
    ISDBA: 'FALSE',
    LANG: 'US',
  };
}
