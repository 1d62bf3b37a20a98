import { oracleAddress } from '../../clients/oracle/address.ts';
import { defineConnector } from '../../connector.ts';
import { checks } from './checks.ts';
import { choices } from './choices.ts';
import { letter } from './letter.ts';
import { OperaSession } from './session.ts';
import { secrets, settings } from './settings.ts';
import { siteReport } from './site-report.ts';

/**
 * OPERA V5 on the hotel's own Oracle database: reservations with their nights and guests, profiles and rooms.
 *
 * It reads base tables and filters on the property everywhere. Reservations are found by (RESORT, UPDATE_DATE) and read again with their
 * nights, profile and telephone numbers, whose tables have no index on a time of change; rooms are compared whole; everything is compared
 * at night.
 */
export default defineConnector({
  id: 'opera-oracle',
  title: 'OPERA V5 (Oracle)',
  summary: 'Reads reservations, guests and rooms from the Oracle database of OPERA V5.',
  settings,
  secrets,
  schedule: { kind: 'every', interval: '1m' },
  entities: ['booking', 'guest', 'room'],
  isDatabase: true,
  sample: { address: '127.0.0.1:9/OPERA', user: 'BELLHOP_READER' },
  checks,
  understand: ({ address = '', tnsFolder }) => {
    const { host, port, kind, name, isEncrypted } = oracleAddress(address, tnsFolder);
    return { host, port, kind, name, isEncrypted };
  },
  choices,
  letter,
  siteReport,
  open: async (given, context) => new OperaSession(given, context),
});
