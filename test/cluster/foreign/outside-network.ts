import { command } from '../lib/command.ts';
import { NETWORK } from '../lib/namespace.ts';

/**
 * A network that reaches the API server and no Pod, as a desk outside a cluster does.
 *
 * @returns what to put before a command line so that it runs there
 */
export async function outsideNetwork(): Promise<readonly [file: string, ...args: string[]]> {
  const name = 'outside';
  await command('ip', ['netns', 'add', name]);
  await command('ip', ['-batch', '-'], {
    input: [
      `link add ${name} type veth peer name eth0 netns ${name}`,
      `address add 10.245.0.1/30 dev ${name}`,
      `link set ${name} up`,
    ].join('\n'),
  });
  await command('ip', ['-n', name, '-batch', '-'], {
    input: [
      'link set lo up',
      'address add 10.245.0.2/30 dev eth0',
      'link set eth0 up',
      `route add ${NETWORK.api}/32 via 10.245.0.1`,
    ].join('\n'),
  });
  return ['nsenter', `--net=/run/netns/${name}`, '--'];
}
