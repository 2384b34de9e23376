// Which step of the replacement of a secret comes next, judged by what the instance says and what the file has. Decides only.
import type { Accepted, DeploymentSecret, OtherSecret } from '../../domain/deployment-secrets.ts'

/** As the instance has it; ids. */
export interface Standing {
  readonly name: DeploymentSecret
  readonly id: string
  readonly other:
    | (Pick<OtherSecret, 'id' | 'role'> & { readonly rows: number; readonly nextStepAt: number })
    | null
}

/** The next one is accepted; it is used, and the former accepted; the former goes. */
export type Step = 'accept' | 'use' | 'drop'

export interface Pair {
  readonly values: Accepted
  readonly ids: readonly string[]
}

export type Plan =
  | { readonly tag: 'step'; readonly step: Step; readonly to: Accepted; readonly isEarly: boolean }
  | { readonly tag: 'wait'; readonly step: Step; readonly until: number }
  /** Rows that only the former one opens. */
  | { readonly tag: 'rows'; readonly rows: number }
  /** The file has not what the instance has, nor what would be its next step. */
  | { readonly tag: 'foreign' }

/**
 * A step is written to the file before it is deployed: a file that is one step ahead is deployed again.
 *
 * @param fresh a new secret
 * @param now seconds
 */
export function planStep(
  standing: Standing,
  file: Pair,
  fresh: () => string,
  now: number,
  isEarly: boolean,
): Plan {
  const { id, other } = standing
  const [inUse, beside] = file.values
  const step: Step = other === null ? 'accept' : other.role === 'next' ? 'use' : 'drop'
  const isInStep = isSame(file.ids, other === null ? [id] : [id, other.id])
  const isAhead =
    (step === 'accept' && file.ids[0] === id && file.ids.length === 2) ||
    (step === 'use' && isSame(file.ids, [other?.id ?? '', id])) ||
    (step === 'drop' && isSame(file.ids, [id]))
  if (!isInStep && !isAhead) return { tag: 'foreign' }
  const waits = other !== null && now < other.nextStepAt
  if (waits && !isEarly) return { tag: 'wait', step, until: other.nextStepAt }
  if (step === 'drop' && other !== null && other.rows > 0) return { tag: 'rows', rows: other.rows }
  const next: Readonly<Record<Step, () => Accepted>> = {
    accept: () => [inUse, fresh()],
    use: () => [beside ?? '', inUse],
    drop: () => [inUse],
  }
  return { tag: 'step', step, to: isAhead ? file.values : next[step](), isEarly: waits }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join(' ') === b.join(' ')
