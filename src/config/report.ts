import type { Path } from '../common/format-path.ts';

/** Takes one mistake; `at` says whether it is the value's or the key's. */
export type Report = (path: Path, message: string, remedy: string | null, at?: 'key' | 'value') => void;
