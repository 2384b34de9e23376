// Replacing a secret of the deployment so that nothing fails meanwhile. There are two of it: first the next one is only
// accepted, by all isolates; then it is the one in use, and the former is accepted; then the former goes.
import { FORMER_SECRET_SECONDS, SETTINGS_SPREAD_SECONDS } from './limits.ts'

export const DEPLOYMENT_SECRETS = ['SEALING_SECRET', 'DIGEST_SECRET', 'ADMIN_TOKEN'] as const
export type DeploymentSecret = (typeof DEPLOYMENT_SECRETS)[number]

/** The one in use; and while it is being replaced the other one, the next or the former, which is only ever accepted. */
export type Accepted = readonly [inUse: string, other?: string]

/** The setting beside it, for the other one. */
export const otherOf = <Name extends DeploymentSecret>(name: Name): `${Name}_OTHER` => `${name}_OTHER`

/** A secret as it was first seen; its id tells nothing of it. Times are seconds. */
export interface SeenSecret {
  readonly name: DeploymentSecret
  readonly id: string
  readonly accepted_from: number
  /** null for one that was never in use. */
  readonly used_from: number | null
}

/** Where the replacement of a secret stands. */
export interface OtherSecret {
  readonly id: string
  readonly role: 'next' | 'former'
  readonly acceptedFrom: number
  /** From then on the next step fails nobody, once nothing that stays is left under a former one. */
  readonly nextStepAt: number
}

export const otherSecret = (inUse: SeenSecret, other: SeenSecret): OtherSecret => ({
  id: other.id,
  role: other.used_from === null ? 'next' : 'former',
  acceptedFrom: other.accepted_from,
  nextStepAt:
    other.used_from === null
      ? other.accepted_from + SETTINGS_SPREAD_SECONDS
      : (inUse.used_from ?? other.accepted_from) +
        SETTINGS_SPREAD_SECONDS +
        FORMER_SECRET_SECONDS[inUse.name],
})

/** Until when a secret can have been in use, among all of its name; Infinity for the one that is. */
export function usedUntil(all: readonly SeenSecret[], id: string): number {
  const from = all.find(each => each.id === id)?.used_from ?? null
  if (from === null) return Number.POSITIVE_INFINITY
  const later = all.flatMap(each =>
    each.used_from !== null && each.used_from > from ? [each.used_from] : [],
  )
  return Math.min(...later) + SETTINGS_SPREAD_SECONDS
}
