import { parseArgs } from 'node:util';
import { Property } from '../../contract/property.ts';
import { type CommandLine, UsageError, withAgent } from './command.ts';

/** `bellhop hotel`: show the hotel, or set it up where there is no screen. */
export async function manageHotel(line: CommandLine): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...line.arguments],
    options: { code: text, name: text, zone: text, currency: text, 'rolls-at': text },
  });
  if (Object.keys(values).length === 0) {
    const { property } = await withAgent(line.home, (client) => client.agent.facts({}));
    line.print(
      { property },
      property ? `${property.name} (${property.hotelId}), ${property.timeZone}, ${property.currency}` : 'No hotel is set up yet.',
    );
    return 0;
  }
  const wanted = Property.safeParse({
    hotelId: values.code,
    name: values.name,
    timeZone: values.zone,
    currency: values.currency,
    ...(values['rolls-at'] ? { businessDateRollsAt: values['rolls-at'] } : {}),
  });
  if (!wanted.success)
    throw new UsageError(
      `${wanted.error.issues[0]?.path.join('.')}: needs --code, --name, --zone (such as Europe/Lisbon) and --currency (such as EUR)`,
    );
  const saved = await withAgent(line.home, (client) => client.property.save(wanted.data));
  line.print(saved, `${saved.name} is set up.`);
  return 0;
}
