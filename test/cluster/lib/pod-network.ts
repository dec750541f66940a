import { command } from './command.ts';
import { NETWORK } from './namespace.ts';

/** A Pod's own network: an address on the bridge, and nothing else of the machine. */
export interface PodNetwork {
  readonly ip: string;
  /** What to put before a command line so that it runs in this network. */
  readonly enter: readonly [file: string, ...args: string[]];
  /** Afterwards nobody has the address any more: connecting to it finds no host. */
  remove(): Promise<void>;
}

let made = 0;

/** No address is used twice, so that whoever still sends to a Pod that is gone reaches nobody else. */
export async function podNetwork(): Promise<PodNetwork> {
  made += 1;
  const number = made;
  const name = `pod${number}`;
  const ip = `10.244.${1 + (number >> 8)}.${number & 0xff}`;
  await command('ip', ['netns', 'add', name]);
  await command('ip', ['-batch', '-'], {
    input: `link add veth${number} type veth peer name eth0 netns ${name}\nlink set veth${number} master ${NETWORK.bridge} up\n`,
  });
  await command('ip', ['-n', name, '-batch', '-'], {
    input: [
      'link set lo up',
      `address add ${ip}/${NETWORK.prefix} dev eth0`,
      'link set eth0 up',
      `route add default via ${NETWORK.gateway}`,
    ].join('\n'),
  });
  return {
    ip,
    enter: ['nsenter', `--net=/run/netns/${name}`, '--'],
    remove: async () => {
      await command('ip', ['netns', 'del', name]);
    },
  };
}
