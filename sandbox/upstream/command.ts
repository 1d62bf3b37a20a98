import { parseArgs } from 'node:util';
import { ended, required, tell, untilStopped, wholeNumber } from '../command.ts';
import { startUpstream } from './server.ts';

/** Run the receiver until it is stopped. Its secret is printed, because it is made up and nothing here is real. */
export async function upstreamCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      file: { type: 'string' },
      port: { type: 'string', default: '0' },
      secret: { type: 'string' },
      token: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const upstream = await startUpstream({
    dir: required(values.file, '--file'),
    port: wholeNumber(values.port, { name: '--port' }),
    ...(values.secret !== undefined && { secret: values.secret }),
    ...(values.token !== undefined && { token: values.token }),
  });
  const { url, secret, file } = upstream;
  tell({
    json: values.json,
    event: { event: 'ready', url, secret, file },
    text: `Sandbox upstream (nothing here is real)\n  address  ${url}\n  secret   ${secret}\n  keeps    ${file}`,
  });
  await ended(untilStopped());
  await upstream.close();
  tell({ json: values.json, event: { event: 'stopped', received: upstream.received() }, text: `${upstream.received()} events kept` });
  return 0;
}
