import type { SettingChoices } from '../../../../contract/database-setup.ts';
import type { OpenContext } from '../../connector.ts';
import { ownersOf, resortsOf } from './dictionary.ts';
import { lineOf } from './session.ts';
import type { Settings } from './settings.ts';

/** The owners of tables of reservations, and the properties of the owner that is chosen, or of the only one there is. One login serves both. */
export async function choices(given: Settings, context: OpenContext, signal: AbortSignal): Promise<SettingChoices[]> {
  const line = lineOf(given, context);
  try {
    return await line.readOnly(signal, async (ask) => {
      const owners = await ownersOf(ask);
      const options = owners.map(({ owner, rows }) => ({ value: owner, rows: rows === null ? null : Number(rows), type: null }));
      const owner = owners.length === 1 ? owners[0]?.owner : owners.find((one) => one.owner === given.owner)?.owner;
      const resorts = owner === undefined ? [] : await resortsOf(ask, owner);
      return [
        { field: 'owner', options },
        { field: 'resort', options: resorts.map((value) => ({ value, rows: null, type: null })) },
      ];
    });
  } finally {
    await line.close();
  }
}
