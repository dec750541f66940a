import { join } from 'node:path';
import { command } from './command.ts';

/** The commands of kubectl and of its plugin for Argo Rollouts, as a user types them, in one namespace. */
export class Kubectl {
  readonly #programs: string;
  readonly #flags: readonly string[];

  constructor(programs: string, kubeconfig: string, namespace: string) {
    this.#programs = programs;
    this.#flags = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`];
  }

  /** `kubectl ARGS`; resolves with what it prints. */
  kubectl(args: readonly string[], input = ''): Promise<string> {
    return command(join(this.#programs, 'kubectl'), [...this.#flags, ...args], { input });
  }

  promote(rollout: string): Promise<string> {
    return this.argo(['promote', rollout]);
  }

  promoteFull(rollout: string): Promise<string> {
    return this.argo(['promote', rollout, '--full']);
  }

  abort(rollout: string): Promise<string> {
    return this.argo(['abort', rollout]);
  }

  retry(rollout: string): Promise<string> {
    return this.argo(['retry', 'rollout', rollout]);
  }

  undo(rollout: string): Promise<string> {
    return this.argo(['undo', rollout]);
  }

  restart(rollout: string): Promise<string> {
    return this.argo(['restart', rollout]);
  }

  setImage(rollout: string, container: string, image: string): Promise<string> {
    return this.argo(['set', 'image', rollout, `${container}=${image}`]);
  }

  /** `kubectl argo rollouts ARGS`. */
  argo(args: readonly string[]): Promise<string> {
    return command(join(this.#programs, 'kubectl-argo-rollouts'), [...args, ...this.#flags]);
  }
}
