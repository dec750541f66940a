import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../cluster/lib/binaries.ts';
import { command } from '../../cluster/lib/command.ts';

const MODULE = join(import.meta.dirname, '../../cluster/tools/rollouts');
const SOURCES = ['go.mod', 'go.sum', 'measure/main.go'];

/** What one metric of an AnalysisRun would have found. */
export interface Measurement {
  readonly metric: string;
  /** Successful, Failed, Inconclusive or Error. */
  readonly phase: string;
  readonly value: string;
  /** Of an Error. */
  readonly message: string;
  /** Measurements that the run takes; 0: as many as there is time for. */
  readonly count: number;
  readonly inconclusiveLimit: number;
  readonly failureLimit: number;
}

/** Takes measurements by the code of Argo Rollouts itself: its templates, arguments, providers and conditions. */
export class Measure {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
  }

  /** Builds the program, once for each version of it. @throws what is missing where there is no Go */
  static async build(): Promise<Measure> {
    const hash = createHash('sha256').update(process.arch);
    for (const file of SOURCES) hash.update(readFileSync(join(MODULE, file)));
    const program = join(cacheFolder(), `measure-${hash.digest('hex').slice(0, 16)}`);
    if (!existsSync(program)) {
      mkdirSync(cacheFolder(), { recursive: true });
      const unfinished = `${program}.${process.pid}`;
      await command(
        'go',
        ['build', '-buildvcs=false', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, './measure'],
        {
          cwd: MODULE,
        },
      ).catch((error) => {
        throw new Error(
          `The conditions of templates are evaluated by Argo Rollouts' own code, which needs Go: ${error}`,
        );
      });
      renameSync(unfinished, program);
    }
    return new Measure(program);
  }

  /**
   * One measurement of each metric, of these AnalysisTemplates together.
   * @param templates objects, as in their files
   * @throws what the controller would say of templates or arguments that are not right
   */
  async take(templates: readonly unknown[], args: Readonly<Record<string, string>>): Promise<readonly Measurement[]> {
    const named = Object.entries(args).map(([name, value]) => ({ name, value }));
    const line = await command(this.#program, [], { input: `${JSON.stringify({ templates, args: named })}\n` });
    const { error, measurements = [] }: { error?: string; measurements?: Measurement[] } = JSON.parse(line);
    if (error !== undefined) throw new Error(error);
    return measurements;
  }
}
