import type { AdministratorLetter } from '../../../../contract/connection.ts';
import { queueOf, type Settings } from './settings.ts';

/** The script that makes the virtual host, the exchange, the queue and the user with exactly the rights that sending needs. */
export function letter(given: Settings, { hotelId }: { readonly hotelId: string }): AdministratorLetter {
  const { host, port, vhost, user, exchange, declares } = given;
  const queue = queueOf(given);
  const escaped = (name: string) => name.replaceAll('.', '\\.');
  const both = exchange === queue ? escaped(exchange) : `(${escaped(exchange)}|${escaped(queue)})`;
  // To bind, a user needs to write the queue and to read the exchange.
  const rights = declares ? [`^${both}$`, `^${both}$`, `^${escaped(exchange)}$`] : ['^$', `^${escaped(exchange)}$`, '^$'];
  const text = `#!/bin/sh
# Bellhop at the hotel ${hotelId} sends its records to the exchange ${exchange} on ${host}:${port}.
# Save this as bellhop.sh on the broker and run it as its administrator:  sh bellhop.sh
# It asks for the password of ${user}. Hand that password to the hotel; it stands in no file.
# It can be run again: what is there stays.
set -eu

printf 'Password for ${user}: ' >&2
if [ -t 0 ]; then stty -echo; fi
read -r password
if [ -t 0 ]; then stty echo; fi
echo >&2

${vhost === '/' ? '# The virtual host "/" is there from the beginning.' : `rabbitmqctl add_vhost '${vhost}' </dev/null`}

# A durable exchange, a queue that is kept on several nodes where there are several, and everything of the exchange into the queue.
rabbitmqctl import_definitions --format json <<'END'
${definitions(given, queue)}
END
# It may still be at it.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if rabbitmqctl --quiet list_bindings -p '${vhost}' source_name destination_name </dev/null | grep -q '^${escaped(exchange)}[[:space:]]${escaped(queue)}$'; then break; fi
  sleep 1
done

# The user, without a tag: no management, no monitoring.
if rabbitmqctl --quiet list_users </dev/null | cut -f1 | grep -qx '${escaped(user)}'; then
  echo "The user ${user} is there already, and its password stays. To set it anew:  rabbitmqctl change_password '${user}'" >&2
else
  printf '%s\\n' "$password" | rabbitmqctl add_user '${user}'
fi

# Configure, write, read: ${declares ? 'as much as making them takes' : 'sending to this exchange, and nothing else'}.
rabbitmqctl set_permissions -p '${vhost}' '${user}' '${rights[0]}' '${rights[1]}' '${rights[2]}' </dev/null
`;
  return { title: `RabbitMQ ${host}, ${vhost}`, fileName: 'bellhop.sh', text };
}

function definitions({ vhost, exchange }: Settings, queue: string): string {
  const common = { vhost, durable: true, auto_delete: false };
  return JSON.stringify(
    {
      exchanges: [{ name: exchange, ...common, type: 'topic', internal: false, arguments: {} }],
      queues: [{ name: queue, ...common, arguments: { 'x-queue-type': 'quorum' } }],
      bindings: [{ source: exchange, vhost, destination: queue, destination_type: 'queue', routing_key: '#', arguments: {} }],
    },
    null,
    2,
  );
}
