import { tagOf } from '../lib/container-command.ts';
import { Kubectl } from '../lib/kubectl.ts';
import { VERSION } from './stand-ins.ts';

interface StandIn {
  readonly name: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

/** `set image`, which would ask for an image that nobody has, changes the version that the stand-in says. */
export class StandInKubectl extends Kubectl {
  override setImage(rollout: string, container: string, image: string): Promise<string> {
    return this.#setVersion(`rollout/${rollout}`, container, image);
  }

  override kubectl(args: readonly string[], input = ''): Promise<string> {
    const [verb, what, object, pair = ''] = args;
    if (verb !== 'set' || what !== 'image' || object === undefined) return super.kubectl(args, input);
    const [container = '*', image = ''] = pair.split('=');
    return this.#setVersion(object, container, image);
  }

  async #setVersion(object: string, container: string, image: string): Promise<string> {
    const { spec } = JSON.parse(await super.kubectl(['get', object, '-o', 'json'])) as {
      spec: { template: { spec: { containers: StandIn[] } } };
    };
    const containers = spec.template.spec.containers.map((one) =>
      container !== '*' && container !== one.name
        ? one
        : { ...one, env: one.env.map((item) => (item.name === VERSION ? { ...item, value: tagOf(image) } : item)) },
    );
    const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
    return super.kubectl(['patch', object, '--type=merge', `--patch=${patch}`]);
  }
}
